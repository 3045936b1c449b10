// Plans the changes that give a link its wanted addresses. No input or output.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "netlink/slots.h"
#include "rtnl/types.h"

namespace rtnl {

/// True if the kernel regards two addresses as the same one, which a link has once. For IPv6 only
/// the address counts, for IPv4 also the prefix length and the network, which is that of the peer.
bool is_identical(const AddressSettings& a, const AddressSettings& b);

/// The changes from the addresses that a link has to the wanted ones.
///
/// Performance: stores nothing about addresses that stay as they are, because page faults are the
///   main cost of a long list.
class Plan {
 public:
  /// @param wanted the wanted addresses, which must outlive the plan. If one is repeated, the one
  ///   with more settings counts, or else the first
  /// @param prune true to delete addresses that are not wanted, except those that the kernel adds
  Plan(std::span<const AddressSettings> wanted, bool prune, bool on_loopback = false);

  /// The indexes of two wanted addresses that are identical but have contradictory settings.
  std::optional<std::pair<size_t, size_t>> contradiction() const { return contradiction_; }

  /// Adds an address that the link has.
  void note(const LinkAddress& found);
  /// Discards the noted addresses.
  void restart();

  /// Returns the changes, each once, in an order that works.
  ///
  /// - A wanted address that is missing is added.
  /// - A present address gets the wanted lifetimes, which are unlimited if none were given, and for
  ///   IPv6 the wanted flags: the kernel can replace these.
  /// - An IPv6 address with another prefix length or peer is deleted and added: the kernel has an
  ///   address only once. So is one that the detection of duplicates keeps from being used, unless
  ///   it is wanted so.
  /// - An IPv4 address with another peer, scope, label, broadcast address or prefix route than the
  ///   given one is refused: the kernel does not change these, and deleting it would delete its
  ///   secondary addresses too. The present address follows the refused one.
  /// - IPv6 link-local addresses and loopback addresses (127.0.0.1/8, ::1) are never pruned: the
  ///   kernel adds them.
  /// - When the first IPv4 address of a network is deleted, the kernel deletes its secondary
  ///   addresses too, unless it is configured to promote them. Those that are to stay are added
  ///   again immediately, as they were except for the wanted lifetimes.
  std::vector<AddressSettings> changes() const;

 private:
  /// The state of a wanted address on the link.
  enum class State : uint8_t {
    kMissing,
    kAsWanted,
    kSecondary,
    kToReplace,
    kToRenew,  ///< a secondary address that gets other lifetimes
    kToRebuild,
    kUnchangeable,
    kRepeated
  };

  uint32_t& slot_of(const AddressSettings& address);
  void want(size_t place);
  bool is_prunable(const AddressSettings& present) const;
  static State state_of(const AddressSettings& present, const AddressSettings& wanted);
  void append_deletions(std::vector<AddressSettings>& changes) const;
  void append_wanted(std::vector<AddressSettings>& changes) const;

  std::span<const AddressSettings> wanted_;
  bool prune_;
  bool on_loopback_;
  netlink::Slots slots_;       // of indexes in wanted_
  std::vector<State> states_;  // of each wanted address
  std::optional<std::pair<size_t, size_t>> contradiction_;
  // Present addresses by the index in wanted_, except those that stay as they are.
  std::map<size_t, AddressSettings> present_;
  std::vector<AddressSettings> unwanted_;  // in the order of the kernel's list
  std::vector<AddressSettings> spared_;    // secondary addresses that are neither wanted nor pruned
};

/// Returns the changes of a plan without the deletions that are not to be made.
///
/// @param changes those of Plan::changes(), some of them with kKeep in place of kPrune
std::vector<AddressSettings> keep_addresses(std::span<const AddressSettings> changes);

}  // namespace rtnl
