// Plans of addresses whose settings differ: flags, lifetimes, listed addresses, contradictions.
#include "rtnl/plan.h"

#include <doctest/doctest.h>
#include <linux/if_addr.h>

#include <utility>
#include <vector>

#include "test/rtnl_link_model.h"

using netlink::same;
using rtnl::AddressChange;
using rtnl::AddressSettings;
using rtnl::LinkAddress;
using test::AddressList;
using test::aged;
using test::ipv6_address;
using test::kinds;
using test::kOptions;
using test::lasting;
using test::listed;
using test::plan_addresses;
using test::virtual_address;

TEST_CASE(
    "a listed address that has gone is added as it was, and one that differs gets its flags") {
  AddressSettings present = ipv6_address(1, 64, IFA_F_PERMANENT | IFA_F_MANAGETEMPADDR);
  present.preferred = present.valid = AddressSettings::kForever;
  CHECK((kinds(plan_addresses({}, {listed(present)}, false)) == std::vector{AddressChange::kAdd}));
  for (const uint32_t flag : {IFA_F_NODAD, IFA_F_NOPREFIXROUTE, IFA_F_MANAGETEMPADDR}) {
    LinkAddress other = aged(present, 0);
    other.settings.flags ^= flag;
    const AddressList plan = plan_addresses({other}, {listed(present)}, false);
    REQUIRE((kinds(plan) == std::vector{AddressChange::kReplace}));
    CHECK((plan[0].flags & ~uint32_t{IFA_F_PERMANENT}) == IFA_F_MANAGETEMPADDR);
  }
}

TEST_CASE("replacing an address keeps flags that were not asked for") {
  LinkAddress present = lasting(ipv6_address(1, 64, IFA_F_MANAGETEMPADDR | IFA_F_DEPRECATED));
  const AddressList plan = plan_addresses({present}, {ipv6_address(1, 64, kOptions)}, false);
  REQUIRE((kinds(plan) == std::vector{AddressChange::kReplace}));
  CHECK(plan[0].flags == (kOptions | IFA_F_MANAGETEMPADDR));
}

TEST_CASE("an IPv6 address that the detection of duplicates blocks is deleted and added") {
  const auto changes = [](uint32_t flags, const AddressSettings& wanted) {
    AddressSettings present = ipv6_address(1, 64, flags | IFA_F_HOMEADDRESS | IFA_F_NOPREFIXROUTE);
    present.peer = {0xfd, 2};
    return plan_addresses({lasting(present)}, {wanted}, false);
  };
  const AddressSettings detected = ipv6_address(1, 64, IFA_F_NOPREFIXROUTE);
  const AddressSettings undetected = ipv6_address(1, 64, kOptions);
  for (const AddressList& plan :
       {changes(IFA_F_TENTATIVE | IFA_F_DADFAILED, detected),
        changes(IFA_F_TENTATIVE | IFA_F_DADFAILED | IFA_F_NODAD, undetected),
        changes(IFA_F_TENTATIVE, undetected)}) {
    REQUIRE((kinds(plan) == std::vector{AddressChange::kDelete, AddressChange::kAdd}));
    CHECK((plan[1].flags & IFA_F_HOMEADDRESS) != 0);
    CHECK(plan[1].peer[1] == 2);
  }
  CHECK(changes(IFA_F_TENTATIVE, detected).empty());
  const AddressSettings blocked =
      lasting(ipv6_address(1, 64, IFA_F_TENTATIVE | IFA_F_DADFAILED)).settings;
  CHECK(plan_addresses({aged(blocked, 0)}, {listed(blocked)}, false).empty());
}

TEST_CASE("lifetimes that were asked for are set, and others are forever") {
  for (const bool ipv6 : {false, true}) {
    AddressSettings wanted = ipv6 ? ipv6_address(1, 64, 0) : virtual_address(1);
    LinkAddress present = lasting(wanted);
    CHECK(plan_addresses({present}, {wanted}, false).empty());
    wanted.given = AddressSettings::kLifetimes;
    wanted.preferred = 60;
    wanted.valid = 600;
    CHECK((kinds(plan_addresses({present}, {wanted}, false)) ==
           std::vector{AddressChange::kReplace}));
    present.settings.preferred = 60;
    present.settings.valid = 600;
    CHECK(plan_addresses({present}, {wanted}, false).empty());
    present.settings.valid = 599;
    CHECK((kinds(plan_addresses({present}, {wanted}, false)) ==
           std::vector{AddressChange::kReplace}));
  }
}

TEST_CASE("of a permanent IPv4 address, only a preferred lifetime of 0 differs from others") {
  AddressSettings wanted = virtual_address(1);
  wanted.given = AddressSettings::kLifetimes;
  wanted.valid = AddressSettings::kForever;
  LinkAddress present = lasting(virtual_address(1));
  for (const uint32_t there : {0U, AddressSettings::kForever}) {
    present.settings.preferred = there;
    for (const uint32_t preferred : {0U, 1U, 600U, AddressSettings::kForever}) {
      wanted.preferred = preferred;
      CHECK(plan_addresses({present}, {wanted}, false).empty() ==
            ((there == 0) == (preferred == 0)));
      CHECK_FALSE(rtnl::Plan(AddressList{wanted, wanted}, false).contradiction().has_value());
    }
  }
}

TEST_CASE("a setting of IPv4 that the kernel cannot change is refused if it was asked for") {
  const LinkAddress present = lasting(virtual_address(1, 24));
  const auto plan_with = [&](uint32_t given, auto change) {
    AddressSettings wanted = virtual_address(1, 24);
    change(wanted);
    const AddressList unasked = plan_addresses({present}, {wanted}, false);
    wanted.given = given;
    const AddressList asked = plan_addresses({present}, {wanted}, false);
    if (kinds(asked) != std::vector{AddressChange::kRefuse, AddressChange::kPresent}) return false;
    AddressSettings there = present.settings;
    there.change = asked[1].change;
    wanted.change = asked[0].change;
    return unasked.empty() && same(asked[0], wanted) && same(asked[1], there);
  };
  CHECK(plan_with(AddressSettings::kPeer, [](auto& wanted) { wanted.peer = {10, 0, 0, 2}; }));
  CHECK(plan_with(AddressSettings::kScope, [](auto& wanted) { wanted.scope = 254; }));
  CHECK(plan_with(AddressSettings::kLabel, [](auto& wanted) { wanted.label.assign("a"); }));
  CHECK(plan_with(AddressSettings::kBroadcast, [](auto& wanted) {
    wanted.broadcast = {10, 0, 0, 255};
  }));
  CHECK(plan_with(AddressSettings::kPrefixRoute,
                  [](auto& wanted) { wanted.flags = IFA_F_NOPREFIXROUTE; }));
}

TEST_CASE("two wanted addresses that the kernel takes for one must agree") {
  const auto contradicts = [](const AddressSettings& a, const AddressSettings& b) {
    const AddressList wanted{virtual_address(9), a, b};
    const auto found = rtnl::Plan(wanted, false).contradiction();
    if (found) CHECK((*found == std::pair<size_t, size_t>{1, 2}));
    const AddressList reversed{b, a};
    CHECK(rtnl::Plan(reversed, false).contradiction().has_value() == found.has_value());
    return found.has_value();
  };
  const AddressSettings ipv4 = virtual_address(1, 24);
  const AddressSettings ipv6 = ipv6_address(1, 64, kOptions);
  CHECK_FALSE(contradicts(ipv4, ipv4));
  CHECK_FALSE(contradicts(ipv4, virtual_address(1)));  // two addresses of IPv4
  CHECK_FALSE(contradicts(ipv6, ipv6));
  CHECK(contradicts(ipv6, ipv6_address(1, 128, kOptions)));

  AddressSettings present = ipv6_address(1, 64, IFA_F_PERMANENT);
  present.valid = present.preferred = 600;
  AddressSettings later = present;
  later.valid = later.preferred = 599;
  CHECK_FALSE(contradicts(listed(present), listed(later)));
  CHECK_FALSE(contradicts(ipv6, listed(present)));  // a bare address agrees with any
  later.flags = IFA_F_NODAD;
  CHECK(contradicts(listed(present), listed(later)));
  AddressSettings routed = ipv6_address(1, 64, IFA_F_NODAD);
  routed.given = AddressSettings::kPrefixRoute;
  CHECK_FALSE(contradicts(routed, listed(present)));
  routed.flags = kOptions;
  CHECK(contradicts(routed, listed(present)));

  AddressSettings peered = ipv4;
  peered.given = AddressSettings::kPeer;
  peered.peer = {10, 0, 0, 2};
  CHECK_FALSE(contradicts(ipv4, peered));
  AddressSettings other = peered;
  other.peer = {10, 0, 0, 3};
  CHECK(contradicts(peered, other));
  other.peer = {10, 0, 1, 3};
  CHECK_FALSE(contradicts(peered, other));  // in another network

  AddressSettings scoped = ipv4;
  scoped.given = AddressSettings::kScope;
  scoped.scope = 254;
  CHECK_FALSE(contradicts(ipv4, scoped));
  AddressSettings labelled = ipv4;
  labelled.given = AddressSettings::kLabel;
  CHECK(contradicts(scoped, labelled));  // neither says all
}

TEST_CASE("of an address wanted twice, the one that asks for more counts") {
  AddressSettings listed_address = listed(ipv6_address(1, 64, 0));
  listed_address.preferred = listed_address.valid = AddressSettings::kForever;
  const AddressSettings bare = ipv6_address(1, 64, kOptions);
  const LinkAddress present = aged(listed_address, 0);
  CHECK(plan_addresses({present}, {bare, listed_address}, true).empty());
  CHECK(plan_addresses({present}, {listed_address, bare}, true).empty());
}
