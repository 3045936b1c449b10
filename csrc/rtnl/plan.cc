#include "rtnl/plan.h"

#include <linux/if_addr.h>
#include <netinet/in.h>

#include <cstring>
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
  if (existing.valid != LinkAddress::kForever) return true;
  return wanted.family == AF_INET6 && ((existing.flags ^ wanted.flags) & kReplaceable) != 0;
}

bool is_link_local(const LinkAddress& address) {
  return address.family == AF_INET6 && address.address[0] == 0xfe &&
         (address.address[1] & 0xc0) == 0x80;
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
    }
  }
  for (size_t i = 0; prune && i < existing.size(); ++i) {
    if (!kept[i] && !is_link_local(existing[i])) {
      deletions.push_back(changed(existing[i], Change::kDelete));
    }
  }
  // Deletions first: adding gets dearer with what the link holds.
  deletions.insert(deletions.end(), others.begin(), others.end());
  return deletions;
}

}  // namespace rtnl
