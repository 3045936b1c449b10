// What is to be done so that a link has the addresses it should. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "rtnl/types.h"

namespace rtnl {

/// Whether the two are one to the kernel, which a link has once: of IPv6 the address alone counts.
bool is_identical(const AddressSettings& a, const AddressSettings& b);

/// The way of a link from the addresses it has, of which it is told one by one, to those that are
/// wanted. It keeps none of those that stay as they are: page faults are what a long list costs.
class Plan {
 public:
  /// `wanted` must outlive it. Of what is wanted twice the one that asks for more counts, or else
  /// the first. With `prune`, what is there and not wanted is deleted, but for what the kernel
  /// itself puts there.
  Plan(std::span<const AddressSettings> wanted, bool prune, bool on_loopback = false);

  /// The places of two wanted addresses that are one to the kernel and want it differently.
  std::optional<std::pair<size_t, size_t>> contradiction() const { return contradiction_; }

  /// The link has this address.
  void note(const LinkAddress& found);
  /// Forgets what was noted.
  void restart();

  /// The changes, in an order that works; each of them once, and none where nothing is to be done.
  ///
  /// - What is wanted and not there is added.
  /// - What is there gets the wanted lifetimes, which are for ever if none were given, and an IPv6
  ///   address the wanted flags: the kernel lets these be replaced.
  /// - An IPv6 address that is there with another prefix length, or peer, is deleted first: the
  ///   kernel holds an address once.
  /// - An IPv4 address that is there with another scope, label or broadcast address than was asked
  ///   for, or not with the prefix route that was, is refused: the kernel does not change these,
  ///   and to delete it would take its secondary addresses along. The one that is there follows the
  ///   refused one.
  /// - IPv6 link-local addresses and those of loopback (127.0.0.1/8, ::1) are never pruned: they
  ///   are the kernel's.
  /// - With the first IPv4 address of a network the kernel deletes those that are secondary to it,
  ///   unless it was told to promote them: the wanted ones are put back at once, as they were.
  std::vector<AddressSettings> changes() const;

 private:
  /// How the link has a wanted address.
  enum class State : uint8_t {
    kMissing,
    kAsWanted,
    kSecondary,
    kToReplace,
    kToRebuild,
    kUnchangeable,
    kRepeated
  };
  struct Network;
  using Secondaries = std::map<Network, std::vector<AddressSettings>, netlink::ByteOrder>;

  uint32_t& slot_of(const AddressSettings& address);
  void want(size_t place);
  bool is_prunable(const AddressSettings& present) const;
  static State state_of(const AddressSettings& present, const AddressSettings& wanted);
  Secondaries secondaries() const;

  std::span<const AddressSettings> wanted_;
  bool prune_;
  bool on_loopback_;
  std::vector<uint32_t> slots_;  // a hash table of 1 + the place in wanted_, or 0
  std::vector<State> states_;    // of each that is wanted
  std::optional<std::pair<size_t, size_t>> contradiction_;
  // What is there, by the place in wanted_: of those that need more than to stay as they are.
  std::map<size_t, AddressSettings> present_;
  std::vector<AddressSettings> unwanted_;  // in the order of the kernel's list
};

}  // namespace rtnl
