// Plans of few addresses: order, secondary addresses, peers, prefix lengths, loopback.
#include "rtnl/plan.h"

#include <doctest/doctest.h>
#include <linux/if_addr.h>
#include <netinet/in.h>

#include <vector>

#include "test/rtnl_link_model.h"

using rtnl::AddressChange;
using rtnl::AddressSettings;
using rtnl::LinkAddress;
using test::AddressList;
using test::ipv6_address;
using test::kinds;
using test::kOptions;
using test::lasting;
using test::LinkModel;
using test::plan_addresses;
using test::plan_keeping;
using test::PresentList;
using test::shown;
using test::virtual_address;

namespace {

AddressList pruned(AddressList list) {
  for (AddressSettings& each : list) each.change = static_cast<uint16_t>(AddressChange::kPrune);
  return list;
}

}  // namespace

TEST_CASE("deletions come first, in reverse order: secondary addresses before their primary one") {
  const LinkModel link({lasting(virtual_address(1, 24)), lasting(virtual_address(2, 24)),
                        lasting(virtual_address(3))},
                       false);
  const PresentList& existing = link.addresses();
  REQUIRE((existing[1].settings.flags & IFA_F_SECONDARY) != 0);
  const AddressList wanted{virtual_address(4), virtual_address(5)};
  const AddressList plan = plan_addresses(existing, wanted, true);
  AddressList expected = pruned({existing[2].settings, existing[1].settings, existing[0].settings});
  for (AddressSettings each : wanted) {
    each.change = static_cast<uint16_t>(AddressChange::kAdd);
    expected.push_back(each);
  }
  CHECK(shown(plan) == shown(expected));
}

TEST_CASE("a secondary address that is wanted is put back after its primary one is deleted") {
  const LinkModel link({lasting(virtual_address(1, 24)), lasting(virtual_address(2, 24))}, false);
  const AddressList plan =
      plan_addresses(link.addresses(), AddressList{virtual_address(2, 24)}, true);
  REQUIRE(plan.size() == 2);
  CHECK(change_of(plan[0]) == AddressChange::kPrune);
  CHECK(plan[0].address[3] == 1);
  CHECK(change_of(plan[1]) == AddressChange::kRestore);
  CHECK(plan[1].address[3] == 2);
}

TEST_CASE("a secondary address is put back with its settings") {
  LinkModel link({lasting(virtual_address(1, 24)), lasting(virtual_address(2, 24))}, false);
  PresentList existing = link.addresses();
  existing[1].settings.label.assign("vip0:a");
  existing[1].settings.broadcast = {10, 0, 0, 255};
  const AddressList plan = plan_addresses(existing, {virtual_address(2, 24)}, true);
  REQUIRE((kinds(plan) == std::vector{AddressChange::kPrune, AddressChange::kRestore}));
  CHECK(plan[1].label.view() == "vip0:a");
  CHECK(plan[1].broadcast[3] == 255);
  CHECK(plan[1].flags == 0);
}

TEST_CASE("a secondary address that gets other lifetimes is put back with its other settings") {
  LinkModel link({lasting(virtual_address(1, 24)), lasting(virtual_address(2, 24))}, false);
  PresentList existing = link.addresses();
  AddressSettings& second = existing[1].settings;
  second.label.assign("vip0:a");
  second.broadcast = {10, 0, 0, 255};
  second.flags |= IFA_F_NOPREFIXROUTE;
  second.valid = 600;
  AddressSettings wanted = virtual_address(2, 24);
  wanted.given = AddressSettings::kLifetimes;
  wanted.valid = 900;
  wanted.preferred = 800;
  const AddressList plan = plan_addresses(existing, {wanted}, true);
  using enum AddressChange;
  REQUIRE((kinds(plan) == std::vector{kPrune, kRestore}));
  const AddressList kept = plan_keeping(existing, {wanted}, {existing[0].settings});
  REQUIRE((kinds(kept) == std::vector{kReplace}));
  for (const AddressSettings& change : {plan[1], kept[0]}) {
    CHECK(change.label.view() == "vip0:a");
    CHECK(change.broadcast[3] == 255);
    CHECK(change.flags == IFA_F_NOPREFIXROUTE);
    CHECK(change.valid == 900);
    CHECK(change.preferred == 800);
  }
  CHECK((kinds(plan_addresses(existing, {wanted}, false)) == std::vector{kReplace}));
}

TEST_CASE("secondary addresses that are kept are put back in the kernel's order, as they were") {
  LinkModel link({lasting(virtual_address(1, 24)), lasting(virtual_address(2, 24)),
                  lasting(virtual_address(3, 24)), lasting(virtual_address(4, 24)),
                  lasting(virtual_address(5, 24)), lasting(virtual_address(6))},
                 false);
  PresentList existing = link.addresses();
  existing[2].settings.label.assign("vip0:a");
  existing[2].settings.valid = 600;
  const AddressList wanted{virtual_address(4, 24), virtual_address(7)};
  const AddressList kept{existing[1].settings, existing[2].settings};
  const AddressList plan = plan_keeping(existing, wanted, kept);
  using enum AddressChange;
  REQUIRE((kinds(plan) == std::vector{kPrune, kPrune, kPrune, kRestore, kRestore, kRestore, kAdd}));
  std::vector<int> order;
  for (const AddressSettings& each : plan) order.push_back(each.address[3]);
  CHECK((order == std::vector{6, 5, 1, 4, 2, 3, 7}));
  CHECK(plan[5].label.view() == "vip0:a");
  CHECK(plan[5].valid == 600);
  CHECK(plan[5].flags == 0);
}

TEST_CASE("secondary addresses are not touched if their first one is kept") {
  const LinkModel link({lasting(virtual_address(1, 24)), lasting(virtual_address(2, 24)),
                        lasting(virtual_address(3, 24))},
                       false);
  const PresentList& existing = link.addresses();
  const AddressList wanted{virtual_address(3, 24)};
  const AddressList plan = plan_keeping(existing, wanted, {existing[0].settings});
  CHECK(shown(plan) == shown(pruned({existing[1].settings})));
  CHECK(plan_keeping(existing, wanted, {existing[0].settings, existing[1].settings}).empty());
}

TEST_CASE("keeping nothing leaves a plan as it is") {
  const LinkModel link({lasting(virtual_address(1, 24)), lasting(virtual_address(2, 24)),
                        lasting(ipv6_address(1, 64, kOptions))},
                       false);
  AddressSettings wanted = ipv6_address(1, 128, kOptions);
  const AddressList plan = plan_addresses(link.addresses(), {virtual_address(2, 24), wanted}, true);
  using enum AddressChange;
  REQUIRE((kinds(plan) == std::vector{kPrune, kRestore, kDelete, kAdd}));
  CHECK(shown(rtnl::keep_addresses(plan)) == shown(plan));
}

TEST_CASE("another prefix length makes another IPv4 address, but the same IPv6 address") {
  const AddressList plan =
      plan_addresses({lasting(virtual_address(1, 24))}, AddressList{virtual_address(1)}, false);
  REQUIRE(plan.size() == 1);
  CHECK(change_of(plan[0]) == AddressChange::kAdd);

  AddressSettings address{};
  address.family = AF_INET6;
  address.address = {0xfd, 1};
  address.prefix_length = 64;
  AddressSettings wanted = address;
  wanted.prefix_length = 128;
  const AddressList changes = plan_addresses({lasting(address)}, AddressList{wanted}, false);
  REQUIRE(changes.size() == 2);
  CHECK(change_of(changes[0]) == AddressChange::kDelete);
  CHECK(changes[0].prefix_length == 64);
  CHECK(change_of(changes[1]) == AddressChange::kAdd);
  CHECK(changes[1].prefix_length == 128);
}

TEST_CASE("another peer makes another IPv6 address if it was asked for") {
  const LinkAddress present = lasting(ipv6_address(1, 128, kOptions));
  AddressSettings wanted = ipv6_address(1, 128, kOptions);
  wanted.peer = {0xfd, 1};
  CHECK(plan_addresses({present}, {wanted}, false).empty());
  wanted.given = AddressSettings::kPeer;
  CHECK((kinds(plan_addresses({present}, {wanted}, false)) ==
         std::vector{AddressChange::kDelete, AddressChange::kAdd}));
}

TEST_CASE("addresses that the kernel puts on loopback are neither pruned nor changed there") {
  AddressSettings ipv4 = virtual_address(1, 8);
  ipv4.address = {127, 0, 0, 1};
  AddressSettings ipv6{};
  ipv6.family = AF_INET6;
  ipv6.address[15] = 1;
  ipv6.prefix_length = 128;
  const auto is_pruned = [](const AddressSettings& present, bool on_loopback) {
    rtnl::Plan plan({}, true, on_loopback);
    plan.note(lasting(present));
    return !plan.changes().empty();
  };
  CHECK_FALSE(is_pruned(ipv4, true));
  CHECK_FALSE(is_pruned(ipv6, true));
  CHECK(is_pruned(ipv4, false));
  for (const AddressSettings& other : {virtual_address(1, 8), virtual_address(1)}) {
    CHECK(is_pruned(other, true));
  }
  AddressSettings second = ipv4;
  second.prefix_length = 32;
  CHECK(is_pruned(second, true));

  // The address of the kernel is put back if it is a secondary one.
  AddressSettings first = ipv4;
  first.address[3] = 2;
  AddressSettings spared = ipv4;
  spared.flags = IFA_F_SECONDARY;
  rtnl::Plan plan({}, true, true);
  plan.note(lasting(first));
  plan.note(lasting(spared));
  const AddressList changes = plan.changes();
  REQUIRE((kinds(changes) == std::vector{AddressChange::kPrune, AddressChange::kRestore}));
  CHECK(changes[1].address[3] == 1);

  AddressSettings wanted = ipv6;
  wanted.flags = kOptions;
  CHECK(plan_addresses({lasting(ipv6)}, {wanted}, true).empty());
  wanted.prefix_length = 64;
  const AddressList refused = plan_addresses({lasting(ipv6)}, {wanted}, true);
  REQUIRE((kinds(refused) == std::vector{AddressChange::kRefuse, AddressChange::kPresent}));
  CHECK(refused[0].prefix_length == 64);
  CHECK(refused[1].prefix_length == 128);
}
