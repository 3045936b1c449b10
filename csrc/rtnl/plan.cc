#include "rtnl/plan.h"

#include <linux/if_addr.h>
#include <netinet/in.h>

#include <algorithm>
#include <bit>
#include <functional>
#include <string_view>

namespace rtnl {
namespace {

size_t hash_of(const Address& address) {
  return std::hash<std::string_view>{}(
      {reinterpret_cast<const char*>(address.data()), address.size()});
}

constexpr uint32_t kReplaceable = IFA_F_NODAD | IFA_F_NOPREFIXROUTE;

bool needs_replacing(const LinkAddress& present, const AddressSettings& wanted) {
  if (present.valid != LinkAddress::kForever || present.preferred != LinkAddress::kForever) {
    return true;
  }
  return wanted.family == AF_INET6 && ((present.settings.flags ^ wanted.flags) & kReplaceable) != 0;
}

bool is_link_local(const AddressSettings& address) {
  return address.family == AF_INET6 && address.address[0] == 0xfe &&
         (address.address[1] & 0xc0) == 0x80;
}

bool is_secondary(const AddressSettings& address) {
  return address.family == AF_INET && (address.flags & IFA_F_SECONDARY) != 0;
}

AddressSettings changed(AddressSettings address, Change change) {
  address.change = static_cast<uint16_t>(change);
  return address;
}

}  // namespace

// What the first IPv4 address of a link, and those that are secondary to it, have in common.
struct Plan::Network {
  Address address;
  uint16_t prefix_length;

  explicit Network(const AddressSettings& of)
      : address(netlink::same(of.peer, Address{}) ? of.address : of.peer),
        prefix_length(of.prefix_length) {
    for (size_t i = 0; i < address.size(); ++i) {
      const int bits = std::clamp(static_cast<int>(prefix_length) - static_cast<int>(8 * i), 0, 8);
      address[i] &= static_cast<uint8_t>(0xff00U >> static_cast<unsigned>(bits));
    }
  }
};

bool is_identical(const AddressSettings& a, const AddressSettings& b) {
  if (a.family != b.family || a.address != b.address) return false;
  return a.family == AF_INET6 || (a.prefix_length == b.prefix_length && a.peer == b.peer);
}

Plan::Plan(std::span<const AddressSettings> wanted, bool prune)
    : wanted_(wanted),
      prune_(prune),
      slots_(std::bit_ceil(wanted.size() + wanted.size() / 2 + 1)),
      states_(wanted.size()) {
  for (size_t place = 0; place < wanted.size(); ++place) {
    uint32_t& slot = slot_of(wanted[place]);
    if (slot == 0) {
      slot = static_cast<uint32_t>(place + 1);
    } else {
      states_[place] = State::kRepeated;
    }
  }
}

// Where the address stands in the table, or would.
uint32_t& Plan::slot_of(const AddressSettings& address) {
  const size_t mask = slots_.size() - 1;
  size_t at = hash_of(address.address) & mask;
  while (slots_[at] != 0 && !is_identical(wanted_[slots_[at] - 1], address)) at = (at + 1) & mask;
  return slots_[at];
}

Plan::State Plan::state_of(const LinkAddress& present, const AddressSettings& wanted) {
  if (present.settings.prefix_length != wanted.prefix_length) return State::kOtherPrefix;
  if (needs_replacing(present, wanted)) return State::kToReplace;
  return is_secondary(present.settings) ? State::kSecondary : State::kAsWanted;
}

void Plan::note(const LinkAddress& present) {
  const AddressSettings& settings = present.settings;
  const uint32_t slot = slot_of(settings);
  if (slot == 0) {
    if (prune_ && !is_link_local(settings)) unwanted_.push_back(settings);
    return;
  }
  const size_t place = slot - 1;
  states_[place] = state_of(present, wanted_[place]);
  if (states_[place] == State::kOtherPrefix) other_prefixes_.insert_or_assign(place, settings);
}

void Plan::restart() {
  unwanted_.clear();
  other_prefixes_.clear();
  for (State& state : states_) {
    if (state != State::kRepeated) state = State::kMissing;
  }
}

Plan::Secondaries Plan::secondaries() const {
  Secondaries found;
  for (size_t place = 0; place < wanted_.size(); ++place) {
    if (states_[place] != State::kSecondary) continue;
    found[Network(wanted_[place])].push_back(changed(wanted_[place], Change::kReplace));
  }
  return found;
}

std::vector<AddressSettings> Plan::changes() const {
  std::vector<AddressSettings> changes;
  // Deletions first: adding gets dearer with what the link holds. Backwards: the kernel lists secondary
  // addresses last, and they would be gone with their first one.
  if (!unwanted_.empty()) {
    const auto to_put_back = secondaries();
    for (size_t i = unwanted_.size(); i-- > 0;) {
      const AddressSettings& present = unwanted_[i];
      changes.push_back(changed(present, Change::kDelete));
      if (present.family != AF_INET || is_secondary(present)) continue;
      const auto found = to_put_back.find(Network(present));
      if (found == to_put_back.end()) continue;
      changes.insert(changes.end(), found->second.begin(), found->second.end());
    }
  }
  for (size_t place = 0; place < wanted_.size(); ++place) {
    const AddressSettings& wanted = wanted_[place];
    switch (states_[place]) {
      case State::kOtherPrefix:
        // Side by side, so that it is missing for as short as can be.
        changes.push_back(changed(other_prefixes_.at(place), Change::kDelete));
        [[fallthrough]];
      case State::kMissing:
        changes.push_back(changed(wanted, Change::kAdd));
        break;
      case State::kToReplace:
        changes.push_back(changed(wanted, Change::kReplace));
        break;
      default:
        break;
    }
  }
  return changes;
}

}  // namespace rtnl
