// Plans of random addresses, carried out on a model of a link.
#include "rtnl/plan.h"

#include <doctest/doctest.h>
#include <linux/if_addr.h>
#include <netinet/in.h>

#include <algorithm>
#include <string>

#include "test/random.h"
#include "test/rtnl_link_model.h"

using rtnl::AddressChange;
using rtnl::AddressSettings;
using rtnl::is_identical;
using rtnl::LinkAddress;
using test::AddressList;
using test::aged;
using test::holds;
using test::kOptions;
using test::lasting;
using test::LinkModel;
using test::listed;
using test::plan_addresses;
using test::plan_keeping;
using test::PresentList;
using test::Random;
using test::share_network;
using test::shown;

namespace {

constexpr int kRounds = test::kThreadSanitizer ? 1'000 : 5'000;

bool is_link_local(const AddressSettings& address) {
  return address.family == AF_INET6 && address.address[0] == 0xfe;
}

AddressSettings random_address(Random& random, bool is_wanted) {
  AddressSettings address{};
  if (random.chance(50)) {
    address.family = AF_INET;
    address.address = {10, 0, 0, static_cast<uint8_t>(random.between(1, 5))};
    address.prefix_length = random.chance(50) ? 32 : 24;
    if (random.chance(20)) address.peer = {10, 0, 0, static_cast<uint8_t>(random.between(6, 8))};
    return address;
  }
  address.family = AF_INET6;
  address.address = {0xfd, 0, 0, 0, 0, 0, 0, 0,
                     0,    0, 0, 0, 0, 0, 0, static_cast<uint8_t>(random.between(1, 6))};
  if (random.chance(20)) address.address[0] = 0xfe, address.address[1] = 0x80;
  address.prefix_length = random.chance(70) ? 128 : 64;
  if (random.chance(50)) address.flags |= IFA_F_NODAD;
  if (random.chance(50)) address.flags |= IFA_F_NOPREFIXROUTE;
  // Flags that only the kernel sets, and that are no reason for a change.
  if (!is_wanted && random.chance(30)) address.flags |= IFA_F_STABLE_PRIVACY | IFA_F_PERMANENT;
  return address;
}

AddressList random_wanted(Random& random) {
  AddressList list;
  for (size_t count = random.below(10); count > 0; --count) {
    const AddressSettings address = random_address(random, true);
    // An address may be wanted twice.
    if (random.chance(20) || !holds(list, address)) list.push_back(address);
  }
  return list;
}

PresentList random_present(Random& random) {
  PresentList list;
  for (size_t count = random.below(10); count > 0; --count) {
    LinkAddress address = lasting(random_address(random, false));
    if (random.chance(20)) address.settings.preferred = address.settings.valid = 600;
    if (random.chance(50)) address.settings.metric = random.number<uint32_t>();
    if (random.chance(50)) address.settings.origin = random.number<uint8_t>();
    if (!holds(list, address.settings)) list.push_back(address);
  }
  return list;
}

bool is_as_wanted(const LinkAddress& address, const AddressSettings& wanted) {
  const AddressSettings& settings = address.settings;
  return is_identical(settings, wanted) && settings.prefix_length == wanted.prefix_length &&
         settings.valid == AddressSettings::kForever &&
         (settings.family == AF_INET || ((settings.flags ^ wanted.flags) & kOptions) == 0);
}

// Returns true if a list has the address with the metric and the origin that it had.
bool keeps(const PresentList& list, const AddressSettings& address) {
  return std::any_of(list.begin(), list.end(), [&](const LinkAddress& each) {
    return is_identical(each.settings, address) && each.settings.metric == address.metric &&
           each.settings.origin == address.origin;
  });
}

// Returns the first of each address; duplicates do not count.
AddressList distinct(const AddressList& list) {
  AddressList firsts;
  for (const AddressSettings& each : list) {
    if (!holds(firsts, each)) firsts.push_back(each);
  }
  return firsts;
}

AddressList random_kept(Random& random, const PresentList& existing) {
  AddressList kept;
  if (random.chance(30)) return kept;
  for (const LinkAddress& each : existing) {
    if (random.chance(50)) kept.push_back(each.settings);
  }
  return kept;
}

struct Scene {
  LinkModel link;
  PresentList existing;
  AddressList wanted;
  bool prune;
  AddressList kept;  // of the addresses that are not wanted
  AddressList plan;

  explicit Scene(Random& random)
      : link(random_present(random), random.chance(50)),
        existing(link.addresses()),
        wanted(random_wanted(random)),
        prune(random.chance(70)),
        kept(random_kept(random, existing)),
        plan(plan_for(existing)) {}

  AddressList plan_for(const PresentList& present) const {
    return prune ? plan_keeping(present, wanted, kept) : plan_addresses(present, wanted, false);
  }

  // Returns true if an address is not deleted, apart from one that is added again.
  bool stays(const AddressSettings& present) const {
    return !prune || is_link_local(present) || holds(kept, present) || holds(wanted, present);
  }

  std::string text() const {
    return "existing\n" + shown(existing) + "wanted\n" + shown(wanted) + (prune ? "prune\n" : "") +
           "kept\n" + shown(kept) + "plan\n" + shown(plan);
  }
};

}  // namespace

TEST_CASE("each change of a plan works in its turn, and the link gets the wanted addresses") {
  Random random;
  for (int round = 0; round < kRounds; ++round) {
    Scene scene(random);
    CAPTURE(scene.text());
    for (const AddressSettings& change : scene.plan) REQUIRE(scene.link.apply(change));
    const PresentList& result = scene.link.addresses();
    const AddressList wanted = distinct(scene.wanted);
    for (const AddressSettings& each : wanted) {
      REQUIRE(std::any_of(result.begin(), result.end(),
                          [&](const LinkAddress& address) { return is_as_wanted(address, each); }));
    }
    for (const LinkAddress& each : result) {
      const bool was_there = holds(scene.existing, each.settings);
      REQUIRE((holds(wanted, each.settings) || (was_there && scene.stays(each.settings))));
    }
    for (const LinkAddress& each : scene.existing) {
      if (scene.stays(each.settings)) REQUIRE(keeps(result, each.settings));
    }
    REQUIRE(shown(scene.plan_for(result)).empty());
  }
}

TEST_CASE("an address that is as wanted or kept is left alone, unless the kernel might delete it") {
  Random random;
  int untouched = 0;
  for (int round = 0; round < kRounds; ++round) {
    const Scene scene(random);
    CAPTURE(scene.text());
    for (const LinkAddress& each : scene.existing) {
      const AddressList wanted = distinct(scene.wanted);
      const bool is_kept = scene.stays(each.settings) && !holds(wanted, each.settings);
      if (!is_kept && !std::any_of(wanted.begin(), wanted.end(), [&](const AddressSettings& other) {
            return is_as_wanted(each, other);
          })) {
        continue;
      }
      const bool is_deleted =
          (each.settings.flags & IFA_F_SECONDARY) != 0 && each.settings.family == AF_INET &&
          std::any_of(scene.plan.begin(), scene.plan.end(), [&](const AddressSettings& change) {
            return change_of(change) == AddressChange::kPrune &&
                   (change.flags & IFA_F_SECONDARY) == 0 && share_network(change, each.settings);
          });
      REQUIRE(holds(scene.plan, each.settings) == is_deleted);
      untouched += is_deleted ? 0 : 1;
    }
  }
  CHECK(untouched > kRounds / 10);
}

TEST_CASE("link-local addresses of IPv6 are never pruned") {
  Random random;
  for (int round = 0; round < kRounds; ++round) {
    const Scene scene(random);
    CAPTURE(scene.text());
    for (const AddressSettings& change : scene.plan) {
      // An address may be deleted to return with another prefix length.
      if (change_of(change) == AddressChange::kDelete) REQUIRE(holds(scene.wanted, change));
      if (change_of(change) == AddressChange::kPrune) REQUIRE_FALSE(is_link_local(change));
    }
  }
  AddressSettings edge{};
  edge.family = AF_INET6;
  edge.prefix_length = 64;
  for (const uint8_t second : {0x80, 0xbf}) {
    edge.address = {0xfe, second, 1};
    CHECK(plan_addresses({lasting(edge)}, {}, true).empty());
  }
  for (const uint8_t second : {0x7f, 0xc0}) {
    edge.address = {0xfe, second, 1};
    CHECK(plan_addresses({lasting(edge)}, {}, true).size() == 1);
  }
}

TEST_CASE("without prune an address is deleted only to return with another prefix length") {
  Random random;
  for (int round = 0; round < kRounds; ++round) {
    Scene scene(random);
    const AddressList plan = plan_addresses(scene.existing, scene.wanted, false);
    CAPTURE(shown(plan));
    for (size_t i = 0; i < plan.size(); ++i) {
      REQUIRE(change_of(plan[i]) != AddressChange::kPrune);
      if (change_of(plan[i]) != AddressChange::kDelete) continue;
      REQUIRE(i + 1 < plan.size());
      REQUIRE(change_of(plan[i + 1]) == AddressChange::kAdd);
      REQUIRE(is_identical(plan[i], plan[i + 1]));
      REQUIRE(plan[i].prefix_length != plan[i + 1].prefix_length);
    }
  }
}

TEST_CASE("a listed address is as wanted, whatever its settings and its age") {
  Random random;
  for (int round = 0; round < kRounds; ++round) {
    AddressSettings present = random_address(random, false);
    present.flags = random.number<uint32_t>() & 0xfffU;
    present.scope = static_cast<uint16_t>(random.between(0, 255));
    present.preferred = random.chance(50) ? AddressSettings::kForever
                                          : static_cast<uint32_t>(random.between(0, 300));
    present.valid = present.preferred == AddressSettings::kForever || random.chance(50)
                        ? AddressSettings::kForever
                        : static_cast<uint32_t>(random.between(300, 600));
    if (present.family == AF_INET) {
      present.label.assign(random.word(random.below(15)));
      if (random.chance(50)) present.broadcast = {10, 0, 0, 255};
    }
    LinkAddress later = aged(present, static_cast<uint32_t>(random.below(400)));
    // Flags that only the kernel sets have changed since.
    later.settings.flags ^= IFA_F_DEPRECATED | IFA_F_TENTATIVE | IFA_F_DADFAILED;
    CAPTURE(shown(present));
    REQUIRE(plan_addresses({later}, {listed(present)}, true).empty());
  }
}
