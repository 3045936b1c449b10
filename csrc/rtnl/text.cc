#include "rtnl/text.h"

#include <arpa/inet.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace rtnl {
namespace {

// Reads the prefix length after a slash: decimal digits without a leading zero. Returns
// `otherwise`, which is also the largest, if there is no slash.
std::optional<uint16_t> prefix_length_of(std::string_view text, uint16_t otherwise) {
  if (text.empty()) return otherwise;
  const std::string_view digits = text.substr(1);
  uint16_t length = 0;
  const auto [end, error] = std::from_chars(digits.begin(), digits.end(), length);
  if (error != std::errc{} || end != digits.end() || length > otherwise) return std::nullopt;
  if (digits.size() > 1 && digits.front() == '0') return std::nullopt;
  return length;
}

}  // namespace

std::optional<AddressSettings> parse_address(std::string_view text) {
  const size_t slash = std::min(text.find('/'), text.size());
  // inet_pton() needs a NUL at the end, and would ignore the text after another one.
  std::array<char, kAddressText + 1> ip{};
  if (slash >= ip.size() || text.find('\0') != std::string_view::npos) return std::nullopt;
  text.copy(ip.data(), slash);

  AddressSettings address{};
  const bool is_ipv6 = text.find(':') < slash;
  address.family = is_ipv6 ? AF_INET6 : AF_INET;
  if (::inet_pton(address.family, ip.data(), address.address.data()) != 1) return std::nullopt;
  const auto length = prefix_length_of(text.substr(slash), is_ipv6 ? 128 : 32);
  if (!length) return std::nullopt;
  address.prefix_length = *length;
  // A virtual address is on many hosts, and does not belong to the network of its link.
  if (is_ipv6) address.flags = IFA_F_NODAD | IFA_F_NOPREFIXROUTE;
  // As `ip address add` does: a loopback address is valid on this host only.
  if (!is_ipv6 && address.address[0] == IN_LOOPBACKNET) address.scope = RT_SCOPE_HOST;
  return address;
}

}  // namespace rtnl
