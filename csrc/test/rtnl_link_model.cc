#include "test/rtnl_link_model.h"

#include <linux/if_addr.h>
#include <netinet/in.h>

#include <algorithm>
#include <string>
#include <vector>

#include "netlink/message.h"
#include "test/wire.h"

using rtnl::AddressChange;
using rtnl::AddressSettings;
using rtnl::is_identical;
using rtnl::LinkAddress;

namespace test {

LinkAddress lasting(const AddressSettings& settings) {
  LinkAddress address{};
  address.settings = settings;
  address.settings.preferred = address.settings.valid = AddressSettings::kForever;
  return address;
}

// Returns an address as the kernel adds it.
static LinkAddress added(const AddressSettings& change) {
  if ((change.given & AddressSettings::kLifetimes) == 0) return lasting(change);
  LinkAddress address{};
  address.settings = change;
  return address;
}

AddressSettings virtual_address(uint8_t last, uint16_t prefix_length) {
  AddressSettings address{};
  address.family = AF_INET;
  address.address = {10, 0, 0, last};
  address.prefix_length = prefix_length;
  return address;
}

AddressSettings ipv6_address(uint8_t last, uint16_t prefix_length, uint32_t flags) {
  AddressSettings address{};
  address.family = AF_INET6;
  address.address = {0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last};
  address.prefix_length = prefix_length;
  address.flags = flags;
  return address;
}

AddressList plan_addresses(const PresentList& existing, const AddressList& wanted, bool prune) {
  rtnl::Plan plan(wanted, prune);
  // An interrupted list must have no effect.
  for (const AddressSettings& each : wanted) plan.note(lasting(each));
  AddressSettings unwanted{};
  unwanted.address = {10, 9, 8, 7};
  unwanted.family = AF_INET;
  plan.note(lasting(unwanted));
  plan.restart();
  for (const LinkAddress& each : existing) plan.note(each);
  return plan.changes();
}

AddressList plan_keeping(const PresentList& existing, const AddressList& wanted,
                         const AddressList& kept) {
  AddressList plan = plan_addresses(existing, wanted, true);
  for (AddressSettings& change : plan) {
    if (change_of(change) != AddressChange::kPrune || !holds(kept, change)) continue;
    change.change = static_cast<uint16_t>(AddressChange::kKeep);
  }
  return rtnl::keep_addresses(plan);
}

std::vector<AddressChange> kinds(const AddressList& plan) {
  std::vector<AddressChange> all;
  for (const AddressSettings& each : plan) all.push_back(change_of(each));
  return all;
}

AddressSettings listed(const AddressSettings& present) {
  AddressSettings wanted = present;
  wanted.given = AddressSettings::kScope | AddressSettings::kPeer | AddressSettings::kBroadcast |
                 AddressSettings::kLabel | AddressSettings::kLifetimes |
                 AddressSettings::kPrefixRoute | AddressSettings::kDuplicateDetection |
                 AddressSettings::kListed;
  return wanted;
}

LinkAddress aged(AddressSettings settings, uint32_t seconds) {
  for (uint32_t* each : {&settings.preferred, &settings.valid}) {
    if (*each != AddressSettings::kForever) *each -= std::min(*each, seconds);
  }
  LinkAddress address{};
  address.settings = settings;
  return address;
}

bool holds(const AddressList& list, const AddressSettings& address) {
  return std::any_of(list.begin(), list.end(),
                     [&](const AddressSettings& each) { return is_identical(each, address); });
}

bool holds(const PresentList& list, const AddressSettings& address) {
  return std::any_of(list.begin(), list.end(),
                     [&](const LinkAddress& each) { return is_identical(each.settings, address); });
}

bool share_network(const AddressSettings& a, const AddressSettings& b) {
  if (a.family != AF_INET || b.family != AF_INET || a.prefix_length != b.prefix_length)
    return false;
  const auto end = [](const AddressSettings& each) {
    return each.peer[3] != 0 ? each.peer[3] : each.address[3];
  };
  return a.prefix_length == 24 || end(a) == end(b);
}

std::string shown(const AddressSettings& address) {
  const auto bytes = wire::raw(address.address);
  return wire::to_hex(netlink::Bytes(bytes).first(address.family == AF_INET ? 4 : 16)) + '/' +
         std::to_string(address.prefix_length) + " peer " + std::to_string(address.peer[3]) +
         " flags " + std::to_string(address.flags) + " metric " + std::to_string(address.metric) +
         " origin " + std::to_string(address.origin) + " change " + std::to_string(address.change) +
         '\n';
}

std::string shown(const LinkAddress& address) {
  return "valid " + std::to_string(address.settings.valid) + ' ' + shown(address.settings);
}

std::string shown(const AddressList& list) {
  std::string text;
  for (const AddressSettings& each : list) text += shown(each);
  return text;
}

std::string shown(const PresentList& list) {
  std::string text;
  for (const LinkAddress& each : list) text += shown(each);
  return text;
}

LinkModel::LinkModel(const PresentList& addresses, bool promotes) : promotes_(promotes) {
  for (const LinkAddress& each : addresses) add(each);
}

bool LinkModel::apply(const AddressSettings& change) {
  switch (change_of(change)) {
    case AddressChange::kAdd:
      return !holds(addresses_, change) && add(added(change));
    case AddressChange::kReplace:
    case AddressChange::kRestore: {
      const auto found = find(change);
      if (found == addresses_.end()) return add(added(change));
      AddressSettings& settings = found->settings;
      if (change.family == AF_INET6) {
        settings.flags = (settings.flags & ~kOptions) | (change.flags & kOptions);
      }
      // Of IPv6, the kernel keeps a metric that is not given.
      if (change.family == AF_INET || change.metric != 0) settings.metric = change.metric;
      settings.origin = change.origin;
      settings.valid = added(change).settings.valid;
      settings.preferred = added(change).settings.preferred;
      return true;
    }
    case AddressChange::kDelete:
    case AddressChange::kPrune:
      return remove(change);
    default:
      return false;
  }
}

PresentList::iterator LinkModel::find(const AddressSettings& address) {
  return std::find_if(addresses_.begin(), addresses_.end(), [&](const LinkAddress& each) {
    return is_identical(each.settings, address);
  });
}

bool LinkModel::add(LinkAddress address) {
  AddressSettings& settings = address.settings;
  settings.change = 0;
  if (settings.family == AF_INET) {
    const bool secondary = std::any_of(
        addresses_.begin(), addresses_.end(),
        [&](const LinkAddress& each) { return share_network(each.settings, settings); });
    settings.flags = secondary ? IFA_F_SECONDARY : 0;
  }
  addresses_.push_back(address);
  return true;
}

bool LinkModel::remove(const AddressSettings& address) {
  const auto found = find(address);
  if (found == addresses_.end() || found->settings.prefix_length != address.prefix_length) {
    return false;
  }
  const AddressSettings gone = found->settings;
  addresses_.erase(found);
  if (gone.family != AF_INET || (gone.flags & IFA_F_SECONDARY) != 0) return true;
  const auto fall = [&](const LinkAddress& each) { return share_network(each.settings, gone); };
  if (!promotes_) {
    std::erase_if(addresses_, fall);
    return true;
  }
  const auto next = std::find_if(addresses_.begin(), addresses_.end(), fall);
  if (next != addresses_.end()) next->settings.flags &= ~uint32_t{IFA_F_SECONDARY};
  return true;
}

}  // namespace test
