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
using test::change_of;
using test::ipv6_address;
using test::kinds;
using test::kOptions;
using test::lasting;
using test::LinkModel;
using test::plan_addresses;
using test::PresentList;
using test::shown;
using test::virtual_address;

namespace {

AddressList deleted(AddressList list) {
  for (AddressSettings& each : list) each.change = static_cast<uint16_t>(AddressChange::kDelete);
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
  AddressList expected =
      deleted({existing[2].settings, existing[1].settings, existing[0].settings});
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
  CHECK(change_of(plan[0]) == AddressChange::kDelete);
  CHECK(plan[0].address[3] == 1);
  CHECK(change_of(plan[1]) == AddressChange::kReplace);
  CHECK(plan[1].address[3] == 2);
}

TEST_CASE("a secondary address is put back with its settings") {
  LinkModel link({lasting(virtual_address(1, 24)), lasting(virtual_address(2, 24))}, false);
  PresentList existing = link.addresses();
  existing[1].settings.label.assign("vip0:a");
  existing[1].settings.broadcast = {10, 0, 0, 255};
  const AddressList plan = plan_addresses(existing, {virtual_address(2, 24)}, true);
  REQUIRE((kinds(plan) == std::vector{AddressChange::kDelete, AddressChange::kReplace}));
  CHECK(plan[1].label.view() == "vip0:a");
  CHECK(plan[1].broadcast[3] == 255);
  CHECK(plan[1].flags == 0);
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
  const auto pruned = [](const AddressSettings& present, bool on_loopback) {
    rtnl::Plan plan({}, true, on_loopback);
    plan.note(lasting(present));
    return !plan.changes().empty();
  };
  CHECK_FALSE(pruned(ipv4, true));
  CHECK_FALSE(pruned(ipv6, true));
  CHECK(pruned(ipv4, false));
  for (const AddressSettings& other : {virtual_address(1, 8), virtual_address(1)}) {
    CHECK(pruned(other, true));
  }
  AddressSettings second = ipv4;
  second.prefix_length = 32;
  CHECK(pruned(second, true));

  AddressSettings wanted = ipv6;
  wanted.flags = kOptions;
  CHECK(plan_addresses({lasting(ipv6)}, {wanted}, true).empty());
  wanted.prefix_length = 64;
  const AddressList refused = plan_addresses({lasting(ipv6)}, {wanted}, true);
  REQUIRE((kinds(refused) == std::vector{AddressChange::kRefuse, AddressChange::kPresent}));
  CHECK(refused[0].prefix_length == 64);
  CHECK(refused[1].prefix_length == 128);
}
