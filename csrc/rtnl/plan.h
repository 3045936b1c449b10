// What is to be done so that a link has the addresses it should. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "rtnl/types.h"

namespace rtnl {

/// Whether the two are one to the kernel, which a link has once: of IPv6 the address alone counts.
bool is_identical(const AddressSettings& a, const AddressSettings& b);

/// The way of a link from the addresses it has, of which it is told one by one, to those that are
/// wanted. It keeps none of those that stay as they are: page faults are what a long list costs.
class Plan {
 public:
  /// `wanted` must outlive it; of what is wanted twice, the first counts. With `prune`, what is there
  /// and not wanted is deleted.
  Plan(std::span<const AddressSettings> wanted, bool prune);

  /// The link has this address.
  void note(const LinkAddress& present);
  /// Forgets what was noted.
  void restart();

  /// The changes, in an order that works; each of them once, and none where nothing is to be done.
  ///
  /// - What is wanted and not there is added.
  /// - What is there and would expire is made to stay, and an IPv6 address gets the wanted flags: the
  ///   kernel lets these be replaced. Scope and label stay as they are.
  /// - An IPv6 address that is there with another prefix length is deleted first: the kernel holds an
  ///   address once.
  /// - An IPv6 link-local address is never pruned: it is the kernel's. With the first IPv4 address of a
  ///   network the kernel deletes those that are secondary to it, unless it was told to promote them:
  ///   the wanted ones are put back at once.
  std::vector<AddressSettings> changes() const;

 private:
  /// How the link has a wanted address.
  enum class State : uint8_t {
    kMissing,
    kAsWanted,
    kSecondary,
    kToReplace,
    kOtherPrefix,
    kRepeated
  };
  struct Network;
  using Secondaries = std::map<Network, std::vector<AddressSettings>, netlink::ByteOrder>;

  uint32_t& slot_of(const AddressSettings& address);
  static State state_of(const LinkAddress& present, const AddressSettings& wanted);
  Secondaries secondaries() const;

  std::span<const AddressSettings> wanted_;
  bool prune_;
  std::vector<uint32_t> slots_;  // a hash table of 1 + the place in wanted_, or 0
  std::vector<State> states_;    // of each that is wanted
  std::map<size_t, AddressSettings>
      other_prefixes_;                     // by the place in wanted_, what is there instead
  std::vector<AddressSettings> unwanted_;  // in the order of the kernel's list
};

}  // namespace rtnl
