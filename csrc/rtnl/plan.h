// What is to be done so that a link has the addresses it should. Pure.
#pragma once

#include <span>
#include <vector>

#include "rtnl/types.h"

namespace rtnl {

/// What the kernel tells the addresses of a link apart by: of IPv6 the address alone.
struct AddressIdentity {
  Address address;
  Address peer;
  uint16_t family;
  uint16_t prefix_length;
};
AddressIdentity identity_of(const LinkAddress& address);

/// The changes, in an order that works, that take a link from the addresses it has to those that are
/// wanted; each of them once, and none where nothing is to be done.
///
/// - What is wanted and not there is added.
/// - What is there and would expire is made to stay, and an IPv6 address gets the wanted flags: the
///   kernel lets these be replaced. Scope and label stay as they are.
/// - An IPv6 address that is there with another prefix length is deleted first: the kernel holds an
///   address once.
/// - With `prune`, what is there and not wanted is deleted; but never an IPv6 link-local address,
///   which is the kernel's. With the first IPv4 address of a network the kernel deletes those that are
///   secondary to it, unless it was told to promote them: the wanted ones are put back at once.
std::vector<LinkAddress> plan_addresses(std::span<const LinkAddress> existing,
                                        std::span<const LinkAddress> wanted, bool prune);

}  // namespace rtnl
