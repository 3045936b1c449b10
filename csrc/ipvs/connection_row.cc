#include "ipvs/connection_row.h"

#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

namespace ipvs {
namespace {

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

/// Splits a row into words.
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
  /// The text behind the blank after the last word.
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

/// Reads IPv4 of 8 hexadecimal digits or IPv6 of 8 full groups. Returns the family, or 0.
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
  // Templates have no client port, and have their own states.
  const bool resting = row.state == "NONE" || row.state == "ASSURED";
  if (entry.client_port == 0 && resting) entry.flags = Connection::kTemplate;
  return row;
}

bool is_invalidated(const Connection& entry) {
  constexpr uint16_t kInvalid = 0xffff;
  return (entry.flags & Connection::kTemplate) != 0 && entry.destination_port == kInvalid;
}

}  // namespace ipvs
