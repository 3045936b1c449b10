// Links and their addresses, as plain structs of fixed size. They are also records, which
// JavaScript reads and writes as they lie in memory: binding/layout_links.cc lists the offsets of
// the fields.
//
// Byte order: all numbers are in host byte order.
#pragma once

#include <array>
#include <cstdint>
#include <type_traits>

#include "netlink/record.h"

namespace rtnl {

using netlink::Address;
using netlink::Name;

/// The key of a link: its index or, if that is 0, its name.
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
  Name<32> kind;  ///< IFLA_INFO_KIND ("dummy"); empty for a device without one, such as lo
};

/// An address of a link, present or wanted. The settings that plans read come first.
struct AddressSettings {
  Address address;  ///< the link's own (IFA_LOCAL; of IPv6 mostly IFA_ADDRESS)
  Address peer;     ///< the other end's (IFA_ADDRESS); zeros if it is the same
  uint16_t family;
  uint16_t prefix_length;
  uint16_t scope;   ///< RT_SCOPE_*
  uint16_t change;  ///< in a plan: AddressChange; otherwise 0
  uint32_t flags;   ///< IFA_F_*
  uint32_t given;   ///< of a wanted address: its given settings (kScope ...); others have defaults
  uint32_t link;    ///< of a wanted address: the index of the only link it is for, or 0
  uint32_t preferred;  ///< seconds that it is preferred, kForever, or 0: deprecated
  uint32_t valid;      ///< seconds that it is valid, or kForever
  uint32_t metric;     ///< that of its prefix route; 0: the kernel's choice. Only plans keep it
  uint32_t origin;     ///< who added it (IFAPROT_*); 0: not said. Only plans keep it
  Address broadcast;   ///< of IPv4; zeros: none
  Name<16> label;      ///< of IPv4; empty: none

  static constexpr uint32_t kForever = 0xffffffff;

  static constexpr uint32_t kScope = 1U << 0;
  static constexpr uint32_t kPeer = 1U << 1;
  static constexpr uint32_t kBroadcast = 1U << 2;
  static constexpr uint32_t kLabel = 1U << 3;
  static constexpr uint32_t kLifetimes = 1U << 4;
  static constexpr uint32_t kPrefixRoute = 1U << 5;
  static constexpr uint32_t kDuplicateDetection = 1U << 6;
  /// All settings were given, as in a list of addresses; the lifetimes have decreased since.
  static constexpr uint32_t kListed = 1U << 7;
  /// Of a kRestore: it also changes the lifetimes, and is a kReplace if its first address stays.
  static constexpr uint32_t kRenewed = 1U << 8;
};

/// An address of a link as the kernel reports it (struct ifaddrmsg, IFA_*).
struct LinkAddress {
  AddressSettings settings;
  uint32_t index;  ///< of the link
  Name<16> link;   ///< of a list: the name of the link
};

/// The action of a plan on an address.
///
/// - kDelete: deletes an address, which the next change adds with other settings. If that is
///   refused, adding this record restores the address.
/// - kRefuse: nothing, because the kernel cannot change the address of the link to the wanted one.
/// - kPresent: nothing; this is the address of the link, behind the refused one.
/// - kPrune: deletes an address that is not wanted.
/// - kKeep: nothing; in place of kPrune, for an address that is to stay nevertheless.
/// - kRestore: adds an address again, as it was, if the kernel has deleted it with the one before.
enum class AddressChange : uint16_t {
  kNone,
  kAdd,
  kReplace,
  kDelete,
  kRefuse,
  kPresent,
  kPrune,
  kKeep,
  kRestore
};

inline AddressChange change_of(const AddressSettings& address) {
  return static_cast<AddressChange>(address.change);
}

static_assert(std::is_trivially_copyable_v<Link> && std::is_standard_layout_v<Link>);
static_assert(std::is_trivially_copyable_v<AddressSettings>);
static_assert(std::is_trivially_copyable_v<LinkAddress> && std::is_standard_layout_v<LinkAddress>);

}  // namespace rtnl
