// Addresses of links as text. Pure functions.
#pragma once

#include <optional>
#include <string_view>

#include "rtnl/types.h"

namespace rtnl {

/// The longest text of an IPv6 address with its prefix length, and a slash between.
inline constexpr size_t kAddressText = 45 + 4;

/// Parses texts such as '10.96.0.1/32' and 'fd00::1' as lib/links/encode-address.ts does. That file
/// also handles the texts that are not parsed here, and makes the errors for bad ones.
std::optional<AddressSettings> parse_address(std::string_view text);

}  // namespace rtnl
