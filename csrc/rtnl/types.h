// Links and their addresses, as plain structs of fixed size. They are also the records that cross to
// JavaScript, as they lie in memory; binding/layout.cc publishes where each field is.
//
// All numbers are in host byte order.
#pragma once

#include <array>
#include <cstdint>
#include <type_traits>

#include "netlink/values.h"

namespace rtnl {

using netlink::Address;
using netlink::Name;

/// What names a link: its index or, where that is 0, its name.
struct LinkKey {
  uint32_t index;
  Name<16> name;
};

/// A link as the kernel reports it (struct ifinfomsg, IFLA_*).
struct Link {
  uint32_t index;
  uint32_t flags;  ///< IFF_*
  uint32_t mtu;
  uint32_t state;            ///< IF_OPER_*
  uint32_t hardware_length;  ///< bytes of the hardware address, at most 32; 0: none
  std::array<uint8_t, 32> hardware;
  Name<16> name;
  Name<32> kind;  ///< IFLA_INFO_KIND ("dummy"); empty: a device of no kind, such as lo
};

/// An address of a link as it is asked for: small, because a link may have thousands.
struct AddressSettings {
  Address address;  ///< the link's own (IFA_LOCAL; of IPv6 mostly IFA_ADDRESS)
  Address peer;     ///< the other end's (IFA_ADDRESS), zeros where that is the same
  uint32_t flags;   ///< IFA_F_*
  uint16_t family;
  uint16_t prefix_length;
  uint16_t scope;   ///< RT_SCOPE_*
  uint16_t change;  ///< in a plan: Change; otherwise 0
};

/// An address of a link as the kernel reports it (struct ifaddrmsg, IFA_*).
struct LinkAddress {
  AddressSettings settings;
  Address broadcast;   ///< zeros: none
  uint32_t index;      ///< of the link
  uint32_t preferred;  ///< seconds that it is preferred, kForever, or 0: deprecated
  uint32_t valid;      ///< seconds that it is valid, or kForever
  Name<16> link;       ///< of a list: the name of the link
  Name<16> label;      ///< of IPv4; empty: none

  static constexpr uint32_t kForever = 0xffffffff;
};

/// What a plan does with an address.
enum class Change : uint16_t { kNone, kAdd, kReplace, kDelete };

static_assert(std::is_trivially_copyable_v<Link> && std::is_standard_layout_v<Link>);
static_assert(std::is_trivially_copyable_v<AddressSettings>);
static_assert(std::is_trivially_copyable_v<LinkAddress> && std::is_standard_layout_v<LinkAddress>);

}  // namespace rtnl
