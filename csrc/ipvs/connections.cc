#include "ipvs/connections.h"

#include <fcntl.h>
#include <netinet/in.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "netlink/slots.h"
#include "os/error.h"

namespace ipvs {
namespace {

using os::Descriptor;
using os::Error;

// Many times the longest row, and more than the page that a read of /proc returns at most.
constexpr size_t kBufferBytes = 64 * 1024;
// The beginning of the header.
constexpr std::string_view kTitle = "Pro ";
// The bytes that one call of next() reads: enough for its rows if all match.
constexpr size_t kNextBytes = 256 * 1024;
// A table that doubles each time would have outgrown every memory.
constexpr int kMaxRestarts = 30;

/// The texts of a chunk.
class Texts {
 public:
  explicit Texts(std::vector<std::string>& texts) : texts_(texts) {}

  /// Adds a text of a small set (states, engines) once. Returns 1 + its index, or 0 if it is empty.
  uint32_t intern(std::string_view text) {
    if (text.empty()) return 0;
    for (const uint32_t place : known_) {
      if (texts_[place] == text) return place + 1;
    }
    known_.push_back(static_cast<uint32_t>(texts_.size()));
    return add(text);
  }
  /// Adds a text. Returns 1 + its index, or 0 if it is empty.
  uint32_t add(std::string_view text) {
    if (text.empty()) return 0;
    texts_.emplace_back(text);
    return static_cast<uint32_t>(texts_.size());
  }

 private:
  std::vector<std::string>& texts_;
  std::vector<uint32_t> known_;
};

/// Counts by key, of which there may be tens of thousands.
class Counter {
 public:
  void add(const Connection& key) {
    if (counts_.size() == slots_.capacity()) grow();
    uint32_t& slot = find(key);
    if (slot == 0) {
      counts_.push_back({key, 0});
      slot = static_cast<uint32_t>(counts_.size());
    }
    ++counts_[slot - 1].count;
  }
  std::vector<ConnectionCount> take() { return std::move(counts_); }

 private:
  uint32_t& find(const Connection& key) {
    return slots_.find(netlink::hash_of(key),
                       [&](size_t index) { return same(counts_[index].group, key); });
  }
  void grow() {
    slots_ = netlink::Slots(std::max<size_t>(32, counts_.size() * 2));
    for (uint32_t i = 0; i < counts_.size(); ++i) find(counts_[i].group) = i + 1;
  }

  std::vector<ConnectionCount> counts_;
  netlink::Slots slots_;
};

// Returns the columns of a row that the count is grouped by.
Connection group_of(const Connection& row, uint32_t by, uint32_t state) {
  Connection group{};
  if (by & CountBy::kService) {
    group.family = row.family;
    group.virtual_address = row.virtual_address;
    group.virtual_port = row.virtual_port;
    // The address is a firewall mark.
    if (row.protocol == IPPROTO_IP) group.flags = row.flags & Connection::kTemplate;
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

// /proc/net would be the main thread's.
Descriptor open_file(const char* path) { return Descriptor(::open(path, O_RDONLY | O_CLOEXEC)); }

}  // namespace

ConnectionReader::Files ConnectionReader::open_files(const os::Namespace& netns,
                                                     ConnectionFile file) {
  const char* path = file == ConnectionFile::kOrigins ? "/proc/thread-self/net/ip_vs_conn_sync"
                                                      : "/proc/thread-self/net/ip_vs_conn";
  Files files;
  netns.enter([&] {
    files.table = open_file(path);
    if (!files.table) throw Error(errno, "open", path);
    const char* status = "/proc/thread-self/net/ip_vs_status";
    files.status = open_file(status);
    // Older kernels have no such file, and only root may read it.
    if (!files.status && errno != ENOENT && errno != EACCES) throw Error(errno, "open", status);
  });
  return files;
}

ConnectionReader::ConnectionReader(const os::Namespace& netns, ConnectionFile file,
                                   const ConnectionFilter& filter, ServiceFacts facts)
    : ConnectionReader(open_files(netns, file), file, filter, std::move(facts)) {}

ConnectionReader::ConnectionReader(Files files, ConnectionFile file, const ConnectionFilter& filter,
                                   ServiceFacts facts)
    : ConnectionReader(std::move(files.table), file, filter, std::move(facts),
                       std::move(files.status)) {}

ConnectionReader::ConnectionReader(Descriptor descriptor, ConnectionFile file,
                                   const ConnectionFilter& filter, ServiceFacts facts,
                                   Descriptor status)
    : descriptor_(std::move(descriptor)),
      file_(file),
      filter_(filter),
      facts_(std::move(facts)),
      resizes_(std::move(status)),
      buffer_(std::make_unique_for_overwrite<char[]>(kBufferBytes)) {
  resizes_.begin();
}

// Goes back to the head of a table that was resized.
void ConnectionReader::restart() {
  if (returned_rows_ || ++restarts_ > kMaxRestarts) {
    throw Error(EINTR, "read", "the table was resized");
  }
  if (::lseek(descriptor_.get(), 0, SEEK_SET) < 0) throw Error(errno, "lseek");
  begin_ = end_ = 0;
  overlong_ = ended_ = false;
  resizes_.begin();
}

// Reads more bytes behind the unread ones. Returns false at the end of the file.
bool ConnectionReader::fill() {
  if (begin_ > 0) std::memmove(buffer_.get(), buffer_.get() + begin_, end_ - begin_);
  end_ -= begin_;
  begin_ = 0;
  // No row of the kernel fills the buffer: the rest of this one is skipped.
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

// Returns the next row that matches; nothing at the end, or when `limit` bytes have been read.
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
    // An error is better than a silent gap.
    if (!row) throw Error(EBADMSG, "read", "a row of an unknown format");
    if (is_invalidated(row->connection)) continue;
    if (matches(filter_, *row, facts_)) return row;
  }
  return std::nullopt;
}

ConnectionChunk ConnectionReader::next(size_t limit) {
  ConnectionChunk chunk;
  chunk.done = ended_;
  if (ended_) return chunk;
  Texts texts(chunk.texts);
  read_ = 0;
  while (chunk.connections.size() < limit) {
    auto row = next_row(kNextBytes);
    if (!row) break;
    row->connection.state = texts.intern(row->state);
    row->connection.engine = texts.intern(row->engine);
    row->connection.engine_data = texts.add(row->engine_data);
    chunk.connections.push_back(row->connection);
  }
  if (ended_ && resizes_.detected()) {
    restart();
    return {};
  }
  returned_rows_ = returned_rows_ || !chunk.connections.empty();
  chunk.done = ended_;
  return chunk;
}

ConnectionCounts ConnectionReader::count(uint32_t by) {
  for (;;) {
    ConnectionCounts result;
    Texts texts(result.texts);
    Counter counter;
    while (const auto row = next_row(SIZE_MAX)) {
      const uint32_t state = by & CountBy::kState ? texts.intern(row->state) : 0;
      counter.add(group_of(row->connection, by, state));
    }
    if (!resizes_.detected()) {
      result.counts = counter.take();
      return result;
    }
    restart();
  }
}

}  // namespace ipvs
