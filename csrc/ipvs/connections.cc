#include "ipvs/connections.h"

#include <fcntl.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <utility>

#include "netlink/error.h"

namespace ipvs {
namespace {

using netlink::Descriptor;
using netlink::Error;

// Many times the longest row, and more than the page that a read of /proc gives at most.
constexpr size_t kBufferBytes = 64 * 1024;
// How the line of titles begins.
constexpr std::string_view kTitle = "Pro ";
// What one call of next() reads: enough for its rows if all match.
constexpr size_t kPartBytes = 256 * 1024;

constexpr uint8_t kNoDigit = 0xff;
constexpr std::array<uint8_t, 256> make_hex_digits() {
  std::array<uint8_t, 256> digits{};
  digits.fill(kNoDigit);
  for (int i = 0; i < 10; ++i) digits['0' + i] = static_cast<uint8_t>(i);
  for (int i = 0; i < 6; ++i) {
    digits['a' + i] = static_cast<uint8_t>(10 + i);
    digits['A' + i] = static_cast<uint8_t>(10 + i);
  }
  return digits;
}
constexpr auto kHexDigits = make_hex_digits();

/// Takes words off the front of a row.
class Words {
 public:
  explicit Words(std::string_view rest) : rest_(rest) {}

  std::string_view next() {
    skip_blanks();
    const size_t length = std::min(rest_.find(' '), rest_.size());
    const std::string_view word = rest_.substr(0, length);
    rest_.remove_prefix(length);
    return word;
  }
  /// All behind the blank after the last word.
  std::string_view rest() const { return rest_.empty() ? rest_ : rest_.substr(1); }

 private:
  void skip_blanks() {
    while (!rest_.empty() && rest_.front() == ' ') rest_.remove_prefix(1);
  }
  std::string_view rest_;
};

template <typename Number>
bool read_hex(std::string_view text, Number& value) {
  if (text.empty() || text.size() > 2 * sizeof(Number)) return false;
  value = 0;
  for (const char each : text) {
    const uint8_t digit = kHexDigits[static_cast<unsigned char>(each)];
    if (digit == kNoDigit) return false;
    value = static_cast<Number>(value << 4 | digit);
  }
  return true;
}

/// IPv4 as 8 hexadecimal digits, IPv6 as 8 full groups. Gives the family, or 0.
uint16_t read_address(std::string_view text, Address& address) {
  constexpr size_t kIpv4Length = 8;
  constexpr size_t kIpv6Length = 39;
  const size_t group = text.size() == kIpv4Length ? kIpv4Length : 4;
  if (text.size() != kIpv4Length && text.size() != kIpv6Length) return 0;
  size_t at = 0;
  for (size_t start = 0; start < text.size(); start += group + 1) {
    for (size_t i = start; i < start + group; i += 2) {
      uint8_t byte = 0;
      if (!read_hex(text.substr(i, 2), byte)) return 0;
      address[at++] = byte;
    }
    if (start + group < text.size() && text[start + group] != ':') return 0;
  }
  return text.size() == kIpv4Length ? AF_INET : AF_INET6;
}

bool read_decimal(std::string_view text, uint32_t& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

struct Protocol {
  std::string_view name;
  uint16_t number;
};
constexpr Protocol kProtocols[] = {
    {"TCP", IPPROTO_TCP}, {"UDP", IPPROTO_UDP},   {"SCTP", IPPROTO_SCTP},
    {"IP", IPPROTO_IP},   {"ICMP", IPPROTO_ICMP}, {"ICMPv6", IPPROTO_ICMPV6},
};

bool read_protocol(std::string_view text, uint16_t& number) {
  for (const Protocol& protocol : kProtocols) {
    if (text == protocol.name) {
      number = protocol.number;
      return true;
    }
  }
  constexpr std::string_view kPrefix = "IP_";
  uint32_t other = 0;
  if (!text.starts_with(kPrefix) || !read_decimal(text.substr(kPrefix.size()), other)) return false;
  number = static_cast<uint16_t>(other);
  return other <= UINT16_MAX;
}

bool read_origin(std::string_view text, uint16_t& origin) {
  const Origin found = text == "LOCAL"  ? Origin::kLocal
                       : text == "SYNC" ? Origin::kSync
                                        : Origin::kUnknown;
  origin = static_cast<uint16_t>(found);
  return found != Origin::kUnknown;
}

bool same_prefix(const Address& a, const Address& b, uint32_t prefix) {
  const uint32_t bits = std::min<uint32_t>(prefix, 8 * sizeof(Address));
  const size_t whole = bits / 8;
  if (std::memcmp(a.data(), b.data(), whole) != 0) return false;
  const unsigned rest = bits % 8;
  if (rest == 0) return true;
  const auto mask = static_cast<uint8_t>(0xff00U >> rest);
  return ((a[whole] ^ b[whole]) & mask) == 0;
}

bool of_service(const ServiceKey& service, const Connection& row) {
  if (row.family != service.family) return false;
  if (service.fwmark == 0) {
    const bool port = service.port == 0 || row.virtual_port == service.port;
    return row.protocol == service.protocol && port && row.virtual_address == service.address;
  }
  // A template for a mark stands under protocol IP, with the mark in place of the virtual address.
  const Address& mark = row.virtual_address;
  const uint32_t number =
      uint32_t{mark[0]} << 24 | uint32_t{mark[1]} << 16 | uint32_t{mark[2]} << 8 | mark[3];
  return row.protocol == IPPROTO_IP && (row.flags & Connection::kTemplate) != 0 &&
         number == service.fwmark;
}

/// Texts, each once where there are few, and where each row has its own, as it comes.
class Texts {
 public:
  explicit Texts(std::vector<std::string>& texts) : texts_(texts) {}

  /// For the few: states, engines.
  uint32_t intern(std::string_view text) {
    if (text.empty()) return 0;
    for (const uint32_t place : known_) {
      if (texts_[place] == text) return place + 1;
    }
    known_.push_back(static_cast<uint32_t>(texts_.size()));
    return add(text);
  }
  uint32_t add(std::string_view text) {
    if (text.empty()) return 0;
    texts_.emplace_back(text);
    return static_cast<uint32_t>(texts_.size());
  }

 private:
  std::vector<std::string>& texts_;
  std::vector<uint32_t> known_;
};

/// Counts by key: open addressing, since a table has tens of thousands of groups at most times.
class Counter {
 public:
  void add(const Connection& key) {
    if ((counts_.size() + 1) * 2 > slots_.size()) grow();
    uint32_t& slot = find(key);
    if (slot == 0) {
      counts_.push_back({key, 0});
      slot = static_cast<uint32_t>(counts_.size());
    }
    ++counts_[slot - 1].count;
  }
  std::vector<ConnectionCount> take() { return std::move(counts_); }

 private:
  static uint64_t hash(const Connection& key) {
    constexpr size_t kWords = sizeof(Connection) / sizeof(uint32_t);
    static_assert(sizeof(Connection) % sizeof(uint32_t) == 0);
    std::array<uint32_t, kWords> words;
    std::memcpy(words.data(), &key, sizeof key);
    uint64_t mixed = 0x9e3779b97f4a7c15U;
    for (const uint32_t word : words) {
      mixed = (mixed ^ word) * 0xff51afd7ed558ccdU;
      mixed ^= mixed >> 32;
    }
    return mixed;
  }
  // The slot of the key: 1 + its place in the counts, or 0 where it is not there yet.
  uint32_t& find(const Connection& key) {
    size_t at = hash(key) & (slots_.size() - 1);
    while (slots_[at] != 0 && std::memcmp(&counts_[slots_[at] - 1].group, &key, sizeof key) != 0) {
      at = (at + 1) & (slots_.size() - 1);
    }
    return slots_[at];
  }
  void grow() {
    slots_.assign(std::max<size_t>(64, slots_.size() * 2), 0);
    for (size_t i = 0; i < counts_.size(); ++i)
      find(counts_[i].group) = static_cast<uint32_t>(i + 1);
  }

  std::vector<ConnectionCount> counts_;
  std::vector<uint32_t> slots_;
};
static_assert(std::has_unique_object_representations_v<Connection>);

// The columns of a row that are counted apart.
Connection group_of(const Connection& row, uint32_t by, uint32_t state) {
  Connection group{};
  if (by & CountBy::kService) {
    group.family = row.family;
    group.virtual_address = row.virtual_address;
    group.virtual_port = row.virtual_port;
  }
  if (by & (CountBy::kService | CountBy::kProtocol)) group.protocol = row.protocol;
  if (by & CountBy::kDestination) {
    group.destination_family = row.destination_family;
    group.destination = row.destination;
    group.destination_port = row.destination_port;
  }
  if (by & CountBy::kState) group.state = state;
  return group;
}

Descriptor open_file(const netlink::Namespace& netns, ConnectionFile file) {
  // Of the thread: /proc/net would be the main thread's.
  const char* path = file == ConnectionFile::kOrigins ? "/proc/thread-self/net/ip_vs_conn_sync"
                                                      : "/proc/thread-self/net/ip_vs_conn";
  const auto open = [path] {
    Descriptor descriptor(::open(path, O_RDONLY | O_CLOEXEC));
    if (!descriptor) throw Error(errno, "open", path);
    return descriptor;
  };
  return netns.open(open);
}

}  // namespace

std::optional<ConnectionRow> parse_connection(std::string_view line, ConnectionFile file) {
  ConnectionRow row;
  Connection& entry = row.connection;
  Words words(line);
  if (!read_protocol(words.next(), entry.protocol)) return std::nullopt;
  entry.family = read_address(words.next(), entry.client);
  if (!read_hex(words.next(), entry.client_port)) return std::nullopt;
  const uint16_t virtual_family = read_address(words.next(), entry.virtual_address);
  if (!read_hex(words.next(), entry.virtual_port)) return std::nullopt;
  entry.destination_family = read_address(words.next(), entry.destination);
  if (!read_hex(words.next(), entry.destination_port)) return std::nullopt;
  if (entry.family == 0 || virtual_family != entry.family || entry.destination_family == 0) {
    return std::nullopt;
  }
  row.state = words.next();
  if (file == ConnectionFile::kOrigins && !read_origin(words.next(), entry.origin)) {
    return std::nullopt;
  }
  if (!read_decimal(words.next(), entry.expires)) return std::nullopt;
  row.engine = words.next();
  row.engine_data = words.rest();
  // Templates have no client port, and states of their own.
  const bool resting = row.state == "NONE" || row.state == "ASSURED";
  if (entry.client_port == 0 && resting) entry.flags = Connection::kTemplate;
  return row;
}

bool matches(const ConnectionFilter& filter, const ConnectionRow& row) {
  const Connection& entry = row.connection;
  const auto wants = [&](uint32_t criterion) { return (filter.criteria & criterion) != 0; };
  if (wants(ConnectionFilter::kProtocol) && entry.protocol != filter.protocol) return false;
  if (wants(ConnectionFilter::kService) && !of_service(filter.service, entry)) return false;
  if (wants(ConnectionFilter::kDestination) &&
      (entry.destination_family != filter.destination.family ||
       entry.destination_port != filter.destination.port ||
       entry.destination != filter.destination.address)) {
    return false;
  }
  if (wants(ConnectionFilter::kClient) &&
      (entry.family != filter.client_family ||
       !same_prefix(entry.client, filter.client, filter.client_prefix))) {
    return false;
  }
  return !wants(ConnectionFilter::kState) || row.state == filter.state.view();
}

ConnectionReader::ConnectionReader(const netlink::Namespace& netns, ConnectionFile file,
                                   const ConnectionFilter& filter)
    : ConnectionReader(open_file(netns, file), file, filter) {}

ConnectionReader::ConnectionReader(Descriptor descriptor, ConnectionFile file,
                                   const ConnectionFilter& filter)
    : descriptor_(std::move(descriptor)),
      file_(file),
      filter_(filter),
      buffer_(std::make_unique_for_overwrite<char[]>(kBufferBytes)) {}

// Reads more behind what is left. False at the end of the file.
bool ConnectionReader::fill() {
  if (begin_ > 0) std::memmove(buffer_.get(), buffer_.get() + begin_, end_ - begin_);
  end_ -= begin_;
  begin_ = 0;
  // A line that fills the buffer is none of the kernel's: what is left of it is passed over.
  if (end_ == kBufferBytes) {
    end_ = 0;
    overlong_ = true;
  }
  for (;;) {
    const ssize_t count = ::read(descriptor_.get(), buffer_.get() + end_, kBufferBytes - end_);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw Error(errno, "read");
    end_ += static_cast<size_t>(count);
    read_ += static_cast<size_t>(count);
    return count > 0;
  }
}

// The next row that matches; nothing at the end, and once `limit` bytes were read.
std::optional<ConnectionRow> ConnectionReader::next_row(size_t limit) {
  while (!ended_ && read_ < limit) {
    const char* begin = buffer_.get() + begin_;
    const auto* newline = static_cast<const char*>(std::memchr(begin, '\n', end_ - begin_));
    if (newline == nullptr) {
      ended_ = !fill();
      continue;
    }
    const std::string_view line(begin, static_cast<size_t>(newline - begin));
    begin_ += line.size() + 1;
    if (std::exchange(overlong_, false)) throw Error(EBADMSG, "read", "a row without an end");
    if (line.starts_with(kTitle)) continue;
    auto row = parse_connection(line, file_);
    // Better no table than one with silent gaps.
    if (!row) throw Error(EBADMSG, "read", "a row that is none of the known kernels'");
    if (matches(filter_, *row)) return row;
  }
  return std::nullopt;
}

ConnectionBatch ConnectionReader::next(size_t limit) {
  ConnectionBatch batch;
  Texts texts(batch.texts);
  read_ = 0;
  while (batch.connections.size() < limit) {
    auto row = next_row(kPartBytes);
    if (!row) break;
    row->connection.state = texts.intern(row->state);
    row->connection.engine = texts.intern(row->engine);
    row->connection.engine_data = texts.add(row->engine_data);
    batch.connections.push_back(row->connection);
  }
  batch.done = ended_;
  return batch;
}

ConnectionCounts ConnectionReader::count(uint32_t by) {
  ConnectionCounts result;
  Texts texts(result.texts);
  Counter counter;
  while (const auto row = next_row(SIZE_MAX)) {
    const uint32_t state = by & CountBy::kState ? texts.intern(row->state) : 0;
    counter.add(group_of(row->connection, by, state));
  }
  result.counts = counter.take();
  return result;
}

}  // namespace ipvs
