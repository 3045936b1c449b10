// A model of a link that keeps addresses as the kernel does, and plans for it.
#pragma once

#include <linux/if_addr.h>

#include <cstdint>
#include <string>
#include <vector>

#include "rtnl/plan.h"

namespace test {

using AddressList = std::vector<rtnl::AddressSettings>;
using PresentList = std::vector<rtnl::LinkAddress>;

/// The flags of an address that a plan may change.
constexpr uint32_t kOptions = IFA_F_NODAD | IFA_F_NOPREFIXROUTE;

/// Returns an address of a link that lasts forever.
rtnl::LinkAddress lasting(const rtnl::AddressSettings& settings);
/// Returns 10.0.0.`last`, as it is wanted.
rtnl::AddressSettings virtual_address(uint8_t last, uint16_t prefix_length = 32);
/// Returns fd00::`last`, as it is wanted.
rtnl::AddressSettings ipv6_address(uint8_t last, uint16_t prefix_length, uint32_t flags);

/// Returns an address as it is wanted by a caller who passes back what a list had.
rtnl::AddressSettings listed(const rtnl::AddressSettings& present);
/// Returns an address of a link some seconds later.
rtnl::LinkAddress aged(rtnl::AddressSettings settings, uint32_t seconds);

/// Plans the changes that turn the existing addresses into the wanted ones.
AddressList plan_addresses(const PresentList& existing, const AddressList& wanted, bool prune);
/// Plans the changes that prune the unwanted addresses, except those in `kept`.
AddressList plan_keeping(const PresentList& existing, const AddressList& wanted,
                         const AddressList& kept);
/// Returns the change of each address of a plan.
std::vector<rtnl::AddressChange> kinds(const AddressList& plan);

/// Returns true if the list has the address, by the kernel's notion of identity.
bool holds(const AddressList& list, const rtnl::AddressSettings& address);
bool holds(const PresentList& list, const rtnl::AddressSettings& address);
/// Returns true if one IPv4 address is secondary to the other. IPv4 addresses of the tests differ
/// in the last byte only, so that the prefix length decides.
bool share_network(const rtnl::AddressSettings& a, const rtnl::AddressSettings& b);

std::string shown(const rtnl::AddressSettings& address);
std::string shown(const rtnl::LinkAddress& address);
std::string shown(const AddressList& list);
std::string shown(const PresentList& list);

class LinkModel {
 public:
  /// @param promotes  a secondary address takes the place of a deleted primary one
  LinkModel(const PresentList& addresses, bool promotes);

  const PresentList& addresses() const { return addresses_; }

  /// Applies a change. Returns false if the kernel would refuse it.
  bool apply(const rtnl::AddressSettings& change);

 private:
  PresentList::iterator find(const rtnl::AddressSettings& address);
  bool add(rtnl::LinkAddress address);
  bool remove(const rtnl::AddressSettings& address);

  PresentList addresses_;
  bool promotes_;
};

}  // namespace test
