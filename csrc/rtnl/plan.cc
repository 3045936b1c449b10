#include "rtnl/plan.h"

#include <linux/if_addr.h>
#include <netinet/in.h>

#include <algorithm>

namespace rtnl {
namespace {

using netlink::same;

// The flags that a program sets when it adds an address; the kernel sets the others.
constexpr uint32_t kSettableFlags =
    IFA_F_NODAD | IFA_F_HOMEADDRESS | IFA_F_MANAGETEMPADDR | IFA_F_NOPREFIXROUTE | IFA_F_MCAUTOJOIN;
// The flags that every wanted IPv6 address has settings for.
constexpr uint32_t kUsualFlags = IFA_F_NODAD | IFA_F_NOPREFIXROUTE;

bool is_given(const AddressSettings& wanted, uint32_t what) { return (wanted.given & what) != 0; }

uint32_t meant_flags(const AddressSettings& wanted) {
  return is_given(wanted, AddressSettings::kListed) ? kSettableFlags : kUsualFlags;
}

struct Lifetimes {
  uint32_t valid = AddressSettings::kForever;
  uint32_t preferred = AddressSettings::kForever;

  explicit Lifetimes(const AddressSettings& wanted) {
    if (!is_given(wanted, AddressSettings::kLifetimes)) return;
    valid = wanted.valid;
    preferred = wanted.preferred;
  }
};

bool has_lifetimes(const AddressSettings& present, const AddressSettings& wanted) {
  constexpr uint32_t kForever = AddressSettings::kForever;
  const auto [valid, preferred] = Lifetimes(wanted);
  if (!is_given(wanted, AddressSettings::kListed)) {
    // The kernel does not count down the preferred lifetime of a permanent IPv4 address.
    const bool uncounted = present.family == AF_INET && valid == kForever;
    const bool same_preferred =
        uncounted ? (present.preferred == 0) == (preferred == 0) : present.preferred == preferred;
    return present.valid == valid && same_preferred;
  }
  // The lifetimes have decreased since, or were renewed.
  return (present.valid == kForever) == (valid == kForever) &&
         (present.preferred == kForever) == (preferred == kForever);
}

bool has_flags(const AddressSettings& present, const AddressSettings& wanted) {
  return wanted.family == AF_INET || ((present.flags ^ wanted.flags) & meant_flags(wanted)) == 0;
}

// True if settings differ that the kernel does not change of an IPv4 address.
bool is_unchangeable(const AddressSettings& present, const AddressSettings& wanted) {
  const bool route_given =
      is_given(wanted, AddressSettings::kPrefixRoute | AddressSettings::kListed);
  return (is_given(wanted, AddressSettings::kPeer) && present.peer != wanted.peer) ||
         (is_given(wanted, AddressSettings::kScope) && present.scope != wanted.scope) ||
         (is_given(wanted, AddressSettings::kBroadcast) && present.broadcast != wanted.broadcast) ||
         (is_given(wanted, AddressSettings::kLabel) && !same(present.label, wanted.label)) ||
         (route_given && ((present.flags ^ wanted.flags) & IFA_F_NOPREFIXROUTE) != 0);
}

// True if an address with the settings of `more` also has those of `less`.
bool agrees(const AddressSettings& less, const AddressSettings& more) {
  constexpr uint32_t kRoute = IFA_F_NOPREFIXROUTE;
  const uint32_t flags = less.flags ^ more.flags;
  const auto differs = [&](uint32_t what, bool difference) {
    return is_given(less, what) && difference;
  };
  return less.prefix_length == more.prefix_length && (less.given & ~more.given) == 0 &&
         !differs(AddressSettings::kScope, less.scope != more.scope) &&
         !differs(AddressSettings::kPeer, less.peer != more.peer) &&
         !differs(AddressSettings::kBroadcast, less.broadcast != more.broadcast) &&
         !differs(AddressSettings::kLabel, !same(less.label, more.label)) &&
         !differs(AddressSettings::kLifetimes, !has_lifetimes(less, more)) &&
         !differs(AddressSettings::kPrefixRoute, (flags & kRoute) != 0) &&
         !differs(AddressSettings::kDuplicateDetection, (flags & IFA_F_NODAD) != 0) &&
         !differs(AddressSettings::kListed, (flags & kSettableFlags) != 0);
}

// True if the detection of duplicates keeps an IPv6 address from being used, which a replacement
// does not change.
bool is_blocked(const AddressSettings& present, const AddressSettings& wanted) {
  const bool detecting = (present.flags & (IFA_F_TENTATIVE | IFA_F_NODAD)) == IFA_F_TENTATIVE;
  if (detecting && (wanted.flags & IFA_F_NODAD) != 0) return true;
  // A listed address is wanted as it is.
  return (present.flags & IFA_F_DADFAILED) != 0 && !is_given(wanted, AddressSettings::kListed);
}

// Returns the flags for a present address: the kernel would clear those that are not given.
uint32_t flags_for(const AddressSettings& present, const AddressSettings& wanted) {
  return wanted.flags | (present.flags & kSettableFlags & ~meant_flags(wanted));
}

// Returns the settings with what none of them says of a present address: the kernel would reset it.
AddressSettings with_origin(const AddressSettings& present, AddressSettings wanted) {
  wanted.metric = present.metric;
  wanted.origin = present.origin;
  return wanted;
}

// Returns the settings with which a deleted IPv6 address is added again. Those that were not given
// are kept; flags and peer not if the prefix length changes, on which they may depend.
AddressSettings rebuilt(const AddressSettings& present, AddressSettings wanted) {
  if (present.prefix_length == wanted.prefix_length) {
    wanted.flags = flags_for(present, wanted);
    if (!is_given(wanted, AddressSettings::kPeer)) wanted.peer = present.peer;
  }
  return with_origin(present, wanted);
}

// Returns the settings that add a deleted address again as it was.
AddressSettings as_it_was(AddressSettings present) {
  present.flags &= kSettableFlags;
  present.given = AddressSettings::kLifetimes;
  return present;
}

// Returns the settings that add a deleted address again with other lifetimes.
AddressSettings renewed(const AddressSettings& present, const Lifetimes& lifetimes) {
  AddressSettings address = as_it_was(present);
  address.given |= AddressSettings::kRenewed;
  address.valid = lifetimes.valid;
  address.preferred = lifetimes.preferred;
  return address;
}

bool is_link_local(const AddressSettings& address) {
  return address.family == AF_INET6 && address.address[0] == 0xfe &&
         (address.address[1] & 0xc0) == 0x80;
}

bool is_loopback(const AddressSettings& address) {
  static constexpr Address kIpv4{127, 0, 0, 1};
  static constexpr Address kIpv6{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  if (address.family == AF_INET6) return address.address == kIpv6;
  return address.address == kIpv4 && address.prefix_length == 8;
}

bool is_secondary(const AddressSettings& address) {
  return address.family == AF_INET && (address.flags & IFA_F_SECONDARY) != 0;
}

AddressSettings changed(AddressSettings address, AddressChange change) {
  address.change = static_cast<uint16_t>(change);
  return address;
}

// The network that a first IPv4 address of a link and its secondary addresses have in common.
struct Network {
  Address address;
  uint16_t prefix_length;

  explicit Network(const AddressSettings& of)
      : address(same(of.peer, Address{}) ? of.address : of.peer), prefix_length(of.prefix_length) {
    for (size_t i = 0; i < address.size(); ++i) {
      const int bits = std::clamp(static_cast<int>(prefix_length) - static_cast<int>(8 * i), 0, 8);
      address[i] &= static_cast<uint8_t>(0xff00U >> static_cast<unsigned>(bits));
    }
  }
};

// The secondary addresses that are to stay, although the first one of their network may go.
class Secondaries {
 public:
  // Adds a present address, unless it is a first one.
  void add(const AddressSettings& present) {
    if (is_secondary(present)) restore(as_it_was(present));
  }
  // Adds the settings that restore an address.
  void restore(const AddressSettings& address) {
    by_network_[Network(address)].push_back(changed(address, AddressChange::kRestore));
  }

  // Appends the deletion of an address, and restores those that the kernel deletes with it.
  void append_deletion(const AddressSettings& unwanted, std::vector<AddressSettings>& changes) {
    changes.push_back(changed(unwanted, AddressChange::kPrune));
    if (unwanted.family != AF_INET || is_secondary(unwanted)) return;
    const auto node = by_network_.extract(Network(unwanted));
    if (node) changes.insert(changes.end(), node.mapped().begin(), node.mapped().end());
  }

  // Appends the new lifetimes of those whose first address stays.
  void append_renewals(std::vector<AddressSettings>& changes) const {
    for (const auto& [network, addresses] : by_network_) {
      for (const AddressSettings& each : addresses) {
        if (is_given(each, AddressSettings::kRenewed)) {
          changes.push_back(changed(each, AddressChange::kReplace));
        }
      }
    }
  }

 private:
  std::map<Network, std::vector<AddressSettings>, netlink::ByteOrder> by_network_;
};

}  // namespace

bool is_identical(const AddressSettings& a, const AddressSettings& b) {
  if (a.family != b.family || a.address != b.address) return false;
  return a.family == AF_INET6 ||
         (a.prefix_length == b.prefix_length && same(Network(a), Network(b)));
}

Plan::Plan(std::span<const AddressSettings> wanted, bool prune, bool on_loopback)
    : wanted_(wanted),
      prune_(prune),
      on_loopback_(on_loopback),
      slots_(wanted.size()),
      states_(wanted.size()) {
  for (size_t place = 0; place < wanted.size(); ++place) want(place);
}

void Plan::want(size_t place) {
  uint32_t& slot = slot_of(wanted_[place]);
  const auto named = static_cast<uint32_t>(place + 1);
  if (slot == 0) {
    slot = named;
    return;
  }
  const size_t before = slot - 1;
  const bool same_or_less = agrees(wanted_[place], wanted_[before]);
  const bool is_better = !same_or_less && agrees(wanted_[before], wanted_[place]);
  if (!contradiction_ && !same_or_less && !is_better) contradiction_ = {before, place};
  states_[is_better ? before : place] = State::kRepeated;
  if (is_better) slot = named;
}

uint32_t& Plan::slot_of(const AddressSettings& address) {
  return slots_.find(netlink::hash_of(address.address),
                     [&](size_t place) { return is_identical(wanted_[place], address); });
}

bool Plan::is_prunable(const AddressSettings& present) const {
  return prune_ && !is_link_local(present) && !(on_loopback_ && is_loopback(present));
}

Plan::State Plan::state_of(const AddressSettings& present, const AddressSettings& wanted) {
  if (present.family == AF_INET6 && is_loopback(present)) {
    // The kernel's own: it can't be added again, and has no flags to change.
    return present.prefix_length == wanted.prefix_length ? State::kAsWanted : State::kUnchangeable;
  }
  if (present.family == AF_INET6) {
    const bool other_peer = is_given(wanted, AddressSettings::kPeer) && present.peer != wanted.peer;
    if (present.prefix_length != wanted.prefix_length || other_peer ||
        is_blocked(present, wanted)) {
      return State::kToRebuild;
    }
  } else if (is_unchangeable(present, wanted)) {
    return State::kUnchangeable;
  }
  const bool differs = !has_lifetimes(present, wanted) || !has_flags(present, wanted);
  if (is_secondary(present)) return differs ? State::kToRenew : State::kSecondary;
  return differs ? State::kToReplace : State::kAsWanted;
}

void Plan::note(const LinkAddress& found) {
  const AddressSettings& present = found.settings;
  const uint32_t slot = slot_of(present);
  if (slot == 0) {
    if (is_prunable(present)) {
      unwanted_.push_back(present);
    } else if (prune_ && is_secondary(present)) {
      spared_.push_back(present);
    }
    return;
  }
  const size_t place = slot - 1;
  states_[place] = state_of(present, wanted_[place]);
  if (states_[place] != State::kAsWanted) present_.insert_or_assign(place, present);
}

void Plan::restart() {
  unwanted_.clear();
  spared_.clear();
  present_.clear();
  for (State& state : states_) {
    if (state != State::kRepeated) state = State::kMissing;
  }
}

std::vector<AddressSettings> Plan::changes() const {
  std::vector<AddressSettings> changes;
  const auto untouched = std::count_if(states_.begin(), states_.end(), [](State state) {
    return state == State::kAsWanted || state == State::kSecondary || state == State::kRepeated;
  });
  changes.reserve(unwanted_.size() + states_.size() - static_cast<size_t>(untouched));
  // Deletions first: the more addresses a link has, the more expensive is adding.
  append_deletions(changes);
  append_wanted(changes);
  return changes;
}

// In reverse order: the kernel lists secondary addresses last, and deletes them with their first
// one. Then come the new lifetimes of those whose first one stays.
void Plan::append_deletions(std::vector<AddressSettings>& changes) const {
  Secondaries staying;
  const bool deletes = !unwanted_.empty();
  for (const auto& [place, present] : present_) {
    const State state = states_[place];
    if (state == State::kToRenew) {
      staying.restore(renewed(present, Lifetimes(wanted_[place])));
    } else if (deletes && (state == State::kSecondary || state == State::kUnchangeable)) {
      staying.add(present);
    }
  }
  for (const AddressSettings& present : spared_) staying.add(present);
  for (size_t i = unwanted_.size(); i-- > 0;) staying.append_deletion(unwanted_[i], changes);
  staying.append_renewals(changes);
}

void Plan::append_wanted(std::vector<AddressSettings>& changes) const {
  for (size_t place = 0; place < wanted_.size(); ++place) {
    const AddressSettings& wanted = wanted_[place];
    switch (states_[place]) {
      case State::kToRebuild:
        // Next to each other, so that the address is missing as briefly as possible.
        changes.push_back(changed(as_it_was(present_.at(place)), AddressChange::kDelete));
        changes.push_back(changed(rebuilt(present_.at(place), wanted), AddressChange::kAdd));
        break;
      case State::kMissing:
        changes.push_back(changed(wanted, AddressChange::kAdd));
        break;
      case State::kToReplace: {
        const AddressSettings& present = present_.at(place);
        AddressSettings replaced = with_origin(present, wanted);
        replaced.flags = flags_for(present, wanted);
        changes.push_back(changed(replaced, AddressChange::kReplace));
        break;
      }
      case State::kUnchangeable:
        changes.push_back(changed(wanted, AddressChange::kRefuse));
        changes.push_back(changed(present_.at(place), AddressChange::kPresent));
        break;
      default:
        break;
    }
  }
}

std::vector<AddressSettings> keep_addresses(std::span<const AddressSettings> changes) {
  Secondaries staying;
  for (const AddressSettings& change : changes) {
    if (change_of(change) == AddressChange::kRestore) staying.restore(change);
  }
  // The last one was listed first.
  for (size_t i = changes.size(); i-- > 0;) {
    if (change_of(changes[i]) == AddressChange::kKeep) staying.add(changes[i]);
  }
  std::vector<AddressSettings> kept;
  kept.reserve(changes.size());
  for (const AddressSettings& change : changes) {
    const AddressChange kind = change_of(change);
    if (kind == AddressChange::kPrune) {
      staying.append_deletion(change, kept);
    } else if (kind != AddressChange::kKeep && kind != AddressChange::kRestore) {
      kept.push_back(change);
    }
  }
  staying.append_renewals(kept);
  return kept;
}

}  // namespace rtnl
