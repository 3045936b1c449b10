#include "rtnl/plan.h"

#include <linux/if_addr.h>
#include <netinet/in.h>

#include <algorithm>
#include <compare>
#include <cstring>
#include <map>
#include <string_view>
#include <unordered_map>

namespace rtnl {
namespace {

static_assert(std::has_unique_object_representations_v<AddressIdentity>);

struct Hash {
  size_t operator()(const AddressIdentity& identity) const {
    return std::hash<std::string_view>{}(
        {reinterpret_cast<const char*>(&identity), sizeof identity});
  }
};
struct Equal {
  bool operator()(const AddressIdentity& a, const AddressIdentity& b) const {
    return netlink::same(a, b);
  }
};

constexpr uint32_t kReplaceable = IFA_F_NODAD | IFA_F_NOPREFIXROUTE;

bool needs_replacing(const LinkAddress& existing, const LinkAddress& wanted) {
  if (existing.valid != LinkAddress::kForever || existing.preferred != LinkAddress::kForever) {
    return true;
  }
  return wanted.family == AF_INET6 && ((existing.flags ^ wanted.flags) & kReplaceable) != 0;
}

bool is_link_local(const LinkAddress& address) {
  return address.family == AF_INET6 && address.address[0] == 0xfe &&
         (address.address[1] & 0xc0) == 0x80;
}

// What the first IPv4 address of a link, and those that are secondary to it, have in common.
struct Network {
  Address address;
  uint16_t prefix_length;

  // NOLINTNEXTLINE(modernize-use-nullptr): there is no pointer
  auto operator<=>(const Network&) const = default;
};

Network network_of(const LinkAddress& of) {
  Network network{netlink::same(of.peer, Address{}) ? of.address : of.peer, of.prefix_length};
  for (size_t i = 0; i < network.address.size(); ++i) {
    const int bits = std::clamp(static_cast<int>(of.prefix_length) - static_cast<int>(8 * i), 0, 8);
    network.address[i] &= static_cast<uint8_t>(0xff00U >> static_cast<unsigned>(bits));
  }
  return network;
}

bool is_secondary(const LinkAddress& address) {
  return address.family == AF_INET && (address.flags & IFA_F_SECONDARY) != 0;
}

LinkAddress changed(LinkAddress address, Change change) {
  address.change = static_cast<uint16_t>(change);
  return address;
}

}  // namespace

AddressIdentity identity_of(const LinkAddress& address) {
  AddressIdentity identity{address.address, {}, address.family, 0};
  if (address.family == AF_INET) {
    identity.peer = address.peer;
    identity.prefix_length = address.prefix_length;
  }
  return identity;
}

std::vector<LinkAddress> plan_addresses(std::span<const LinkAddress> existing,
                                        std::span<const LinkAddress> wanted, bool prune) {
  std::unordered_map<AddressIdentity, size_t, Hash, Equal> places;
  places.reserve(existing.size());
  for (size_t i = 0; i < existing.size(); ++i) places.emplace(identity_of(existing[i]), i);

  std::vector<LinkAddress> deletions;
  std::vector<LinkAddress> others;
  std::vector<bool> kept(existing.size());
  std::map<Network, std::vector<LinkAddress>> secondaries;
  std::unordered_map<AddressIdentity, size_t, Hash, Equal> seen;
  for (const LinkAddress& address : wanted) {
    const AddressIdentity identity = identity_of(address);
    const auto found = places.find(identity);
    if (found == places.end()) {
      if (seen.emplace(identity, 0).second) others.push_back(changed(address, Change::kAdd));
      continue;
    }
    if (kept[found->second]) continue;  // wanted twice
    kept[found->second] = true;
    const LinkAddress& present = existing[found->second];
    if (present.prefix_length != address.prefix_length) {
      // Side by side, so that it is missing for as short as can be.
      others.push_back(changed(present, Change::kDelete));
      others.push_back(changed(address, Change::kAdd));
    } else if (needs_replacing(present, address)) {
      others.push_back(changed(address, Change::kReplace));
    } else if (is_secondary(present)) {
      secondaries[network_of(present)].push_back(changed(address, Change::kReplace));
    }
  }
  // Backwards: the kernel lists secondary addresses last, and they would be gone with their first one.
  for (size_t i = prune ? existing.size() : 0; i-- > 0;) {
    const LinkAddress& present = existing[i];
    if (kept[i] || is_link_local(present)) continue;
    deletions.push_back(changed(present, Change::kDelete));
    if (present.family != AF_INET || is_secondary(present)) continue;
    const auto found = secondaries.find(network_of(present));
    if (found == secondaries.end()) continue;
    deletions.insert(deletions.end(), found->second.begin(), found->second.end());
  }
  // Deletions first: adding gets dearer with what the link holds.
  deletions.insert(deletions.end(), others.begin(), others.end());
  return deletions;
}

}  // namespace rtnl
