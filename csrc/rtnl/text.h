// Addresses of links as text. Pure.
#pragma once

#include <optional>
#include <string_view>

#include "rtnl/types.h"

namespace rtnl {

/// The longest text of an IPv6 address with its prefix length, and a slash between.
inline constexpr size_t kAddressText = 45 + 4;

/// Reads '10.96.0.1/32', 'fd00::1' and their like as lib/links/address.ts does, which has the last word: it
/// decides on what is not read here, and says what is wrong with it.
std::optional<AddressSettings> parse_address(std::string_view text);

}  // namespace rtnl
