// Plans, carried out on a link that keeps its addresses as the kernel does.
#include "rtnl/plan.h"

#include <doctest/doctest.h>
#include <linux/if_addr.h>
#include <netinet/in.h>

#include <algorithm>
#include <string>
#include <vector>

#include "test/random.h"
#include "test/wire.h"

using netlink::Address;
using netlink::same;
using rtnl::AddressSettings;
using rtnl::Change;
using rtnl::is_identical;
using rtnl::LinkAddress;
using test::Random;

namespace {

using List = std::vector<AddressSettings>;
using Present = std::vector<LinkAddress>;

constexpr int kRounds = test::kThreadSanitizer ? 1'000 : 5'000;
constexpr uint32_t kOptions = IFA_F_NODAD | IFA_F_NOPREFIXROUTE;

LinkAddress lasting(const AddressSettings& settings) {
  LinkAddress address{};
  address.settings = settings;
  address.settings.preferred = address.settings.valid = AddressSettings::kForever;
  return address;
}

List plan_addresses(const Present& existing, const List& wanted, bool prune) {
  rtnl::Plan plan(wanted, prune);
  // A list that was disturbed counts for nothing.
  for (const AddressSettings& each : wanted) plan.note(lasting(each));
  AddressSettings unwanted{};
  unwanted.address = {10, 9, 8, 7};
  unwanted.family = AF_INET;
  plan.note(lasting(unwanted));
  plan.restart();
  for (const LinkAddress& each : existing) plan.note(each);
  return plan.changes();
}

Change change_of(const AddressSettings& address) { return static_cast<Change>(address.change); }

std::string shown(const AddressSettings& address) {
  const auto bytes = wire::raw(address.address);
  return wire::to_hex(netlink::Bytes(bytes).first(address.family == AF_INET ? 4 : 16)) + '/' +
         std::to_string(address.prefix_length) + " peer " + std::to_string(address.peer[3]) +
         " flags " + std::to_string(address.flags) + " change " + std::to_string(address.change) +
         '\n';
}
std::string shown(const LinkAddress& address) {
  return "valid " + std::to_string(address.settings.valid) + ' ' + shown(address.settings);
}
template <typename Each>
std::string shown(const std::vector<Each>& list) {
  std::string text;
  for (const Each& each : list) text += shown(each);
  return text;
}

bool holds(const List& list, const AddressSettings& address) {
  return std::any_of(list.begin(), list.end(),
                     [&](const AddressSettings& each) { return is_identical(each, address); });
}
bool holds(const Present& list, const AddressSettings& address) {
  return std::any_of(list.begin(), list.end(),
                     [&](const LinkAddress& each) { return is_identical(each.settings, address); });
}
bool is_link_local(const AddressSettings& address) {
  return address.family == AF_INET6 && address.address[0] == 0xfe;
}

// IPv4 addresses of the test differ in the last byte only, so that a network is its prefix length.
bool share_network(const AddressSettings& a, const AddressSettings& b) {
  if (a.family != AF_INET || b.family != AF_INET || a.prefix_length != b.prefix_length)
    return false;
  const auto end = [](const AddressSettings& each) {
    return each.peer[3] != 0 ? each.peer[3] : each.address[3];
  };
  return a.prefix_length == 24 || end(a) == end(b);
}

class ModelLink {
 public:
  ModelLink(const Present& addresses, bool promotes) : promotes_(promotes) {
    for (const LinkAddress& each : addresses) add(each);
  }

  const Present& addresses() const { return addresses_; }

  /// Whether the kernel would have done it.
  bool apply(const AddressSettings& change) {
    switch (change_of(change)) {
      case Change::kAdd:
        return !holds(addresses_, change) && add(lasting(change));
      case Change::kReplace: {
        const auto found = find(change);
        if (found == addresses_.end()) return add(lasting(change));
        if (change.family == AF_INET6) {
          uint32_t& flags = found->settings.flags;
          flags = (flags & ~kOptions) | (change.flags & kOptions);
        }
        found->settings.valid = found->settings.preferred = AddressSettings::kForever;
        return true;
      }
      case Change::kDelete:
        return remove(change);
      default:
        return false;
    }
  }

 private:
  Present::iterator find(const AddressSettings& address) {
    return std::find_if(addresses_.begin(), addresses_.end(), [&](const LinkAddress& each) {
      return is_identical(each.settings, address);
    });
  }

  bool add(LinkAddress address) {
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

  bool remove(const AddressSettings& address) {
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

  Present addresses_;
  bool promotes_;
};

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
  // What the kernel alone sets, and what is no reason to change anything.
  if (!is_wanted && random.chance(30)) address.flags |= IFA_F_TENTATIVE | IFA_F_PERMANENT;
  return address;
}

List random_wanted(Random& random) {
  List list;
  for (size_t count = random.below(10); count > 0; --count) {
    const AddressSettings address = random_address(random, true);
    // What is wanted may be wanted twice.
    if (random.chance(20) || !holds(list, address)) list.push_back(address);
  }
  return list;
}

Present random_present(Random& random) {
  Present list;
  for (size_t count = random.below(10); count > 0; --count) {
    LinkAddress address = lasting(random_address(random, false));
    if (random.chance(20)) address.settings.preferred = address.settings.valid = 600;
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

// The first of those that are the same is what counts.
List distinct(const List& list) {
  List firsts;
  for (const AddressSettings& each : list) {
    if (!holds(firsts, each)) firsts.push_back(each);
  }
  return firsts;
}

struct Scene {
  ModelLink link;
  Present existing;
  List wanted;
  bool prune;
  List plan;

  explicit Scene(Random& random)
      : link(random_present(random), random.chance(50)),
        existing(link.addresses()),
        wanted(random_wanted(random)),
        prune(random.chance(50)),
        plan(plan_addresses(existing, wanted, prune)) {}

  std::string text() const {
    return "existing\n" + shown(existing) + "wanted\n" + shown(wanted) + (prune ? "prune\n" : "") +
           "plan\n" + shown(plan);
  }
};

AddressSettings virtual_address(uint8_t last, uint16_t prefix_length = 32) {
  AddressSettings address{};
  address.family = AF_INET;
  address.address = {10, 0, 0, last};
  address.prefix_length = prefix_length;
  return address;
}

List deleted(List list) {
  for (AddressSettings& each : list) each.change = static_cast<uint16_t>(Change::kDelete);
  return list;
}

}  // namespace

TEST_CASE("every change works in its turn, and the link has what is wanted in the end") {
  Random random;
  for (int round = 0; round < kRounds; ++round) {
    Scene scene(random);
    CAPTURE(scene.text());
    for (const AddressSettings& change : scene.plan) REQUIRE(scene.link.apply(change));
    const Present& result = scene.link.addresses();
    const List wanted = distinct(scene.wanted);
    for (const AddressSettings& each : wanted) {
      REQUIRE(std::any_of(result.begin(), result.end(),
                          [&](const LinkAddress& address) { return is_as_wanted(address, each); }));
    }
    for (const LinkAddress& each : result) {
      const bool may_be_there =
          holds(scene.existing, each.settings) && (!scene.prune || is_link_local(each.settings));
      REQUIRE((holds(wanted, each.settings) || may_be_there));
    }
    for (const LinkAddress& each : scene.existing) {
      if (!scene.prune || is_link_local(each.settings)) REQUIRE(holds(result, each.settings));
    }
    REQUIRE(shown(plan_addresses(result, scene.wanted, scene.prune)).empty());
  }
}

TEST_CASE("what is as wanted is not touched, unless the kernel might delete it") {
  Random random;
  int untouched = 0;
  for (int round = 0; round < kRounds; ++round) {
    const Scene scene(random);
    CAPTURE(scene.text());
    for (const LinkAddress& each : scene.existing) {
      const List wanted = distinct(scene.wanted);
      if (!std::any_of(wanted.begin(), wanted.end(),
                       [&](const AddressSettings& other) { return is_as_wanted(each, other); })) {
        continue;
      }
      const bool falls =
          (each.settings.flags & IFA_F_SECONDARY) != 0 && each.settings.family == AF_INET &&
          std::any_of(scene.plan.begin(), scene.plan.end(), [&](const AddressSettings& change) {
            return change_of(change) == Change::kDelete && (change.flags & IFA_F_SECONDARY) == 0 &&
                   share_network(change, each.settings);
          });
      REQUIRE(holds(scene.plan, each.settings) == falls);
      untouched += falls ? 0 : 1;
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
      // With another prefix length it goes, and comes back.
      if (change_of(change) == Change::kDelete && is_link_local(change)) {
        REQUIRE(holds(scene.wanted, change));
      }
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

TEST_CASE("without prune nothing goes, but to come back with another prefix length") {
  Random random;
  for (int round = 0; round < kRounds; ++round) {
    Scene scene(random);
    const List plan = plan_addresses(scene.existing, scene.wanted, false);
    CAPTURE(shown(plan));
    for (size_t i = 0; i < plan.size(); ++i) {
      if (change_of(plan[i]) != Change::kDelete) continue;
      REQUIRE(i + 1 < plan.size());
      REQUIRE(change_of(plan[i + 1]) == Change::kAdd);
      REQUIRE(is_identical(plan[i], plan[i + 1]));
      REQUIRE(plan[i].prefix_length != plan[i + 1].prefix_length);
    }
  }
}

TEST_CASE(
    "what goes goes first, the last before the first: primary addresses behind their secondary "
    "ones") {
  const ModelLink link({lasting(virtual_address(1, 24)), lasting(virtual_address(2, 24)),
                        lasting(virtual_address(3))},
                       false);
  const Present& existing = link.addresses();
  REQUIRE((existing[1].settings.flags & IFA_F_SECONDARY) != 0);
  const List wanted{virtual_address(4), virtual_address(5)};
  const List plan = plan_addresses(existing, wanted, true);
  List expected = deleted({existing[2].settings, existing[1].settings, existing[0].settings});
  for (AddressSettings each : wanted) {
    each.change = static_cast<uint16_t>(Change::kAdd);
    expected.push_back(each);
  }
  CHECK(shown(plan) == shown(expected));
}

TEST_CASE("a secondary address that is wanted is put back behind its primary one") {
  const ModelLink link({lasting(virtual_address(1, 24)), lasting(virtual_address(2, 24))}, false);
  const List plan = plan_addresses(link.addresses(), List{virtual_address(2, 24)}, true);
  REQUIRE(plan.size() == 2);
  CHECK(change_of(plan[0]) == Change::kDelete);
  CHECK(plan[0].address[3] == 1);
  CHECK(change_of(plan[1]) == Change::kReplace);
  CHECK(plan[1].address[3] == 2);
}

namespace {

AddressSettings ipv6_address(uint8_t last, uint16_t prefix_length, uint32_t flags) {
  AddressSettings address{};
  address.family = AF_INET6;
  address.address = {0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last};
  address.prefix_length = prefix_length;
  address.flags = flags;
  return address;
}

// An address as it is wanted by who passes back what a list had.
AddressSettings listed(const AddressSettings& present) {
  AddressSettings wanted = present;
  wanted.given = AddressSettings::kScope | AddressSettings::kPeer | AddressSettings::kBroadcast |
                 AddressSettings::kLabel | AddressSettings::kLifetimes |
                 AddressSettings::kPrefixRoute | AddressSettings::kDuplicateDetection |
                 AddressSettings::kListed;
  return wanted;
}

// Some seconds later.
LinkAddress aged(AddressSettings settings, uint32_t seconds) {
  for (uint32_t* each : {&settings.preferred, &settings.valid}) {
    if (*each != AddressSettings::kForever) *each -= std::min(*each, seconds);
  }
  LinkAddress address{};
  address.settings = settings;
  return address;
}

std::vector<Change> kinds(const List& plan) {
  std::vector<Change> all;
  for (const AddressSettings& each : plan) all.push_back(change_of(each));
  return all;
}

}  // namespace

TEST_CASE(
    "a listed address is as wanted, whatever it is like, and however long ago it was listed") {
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
    // What the kernel alone says has changed meanwhile.
    later.settings.flags ^= IFA_F_DEPRECATED | IFA_F_TENTATIVE | IFA_F_DADFAILED;
    CAPTURE(shown(present));
    REQUIRE(plan_addresses({later}, {listed(present)}, true).empty());
  }
}

TEST_CASE(
    "a listed address that has gone is added as it was, and one that differs gets its flags") {
  AddressSettings present = ipv6_address(1, 64, IFA_F_PERMANENT | IFA_F_MANAGETEMPADDR);
  present.preferred = present.valid = AddressSettings::kForever;
  CHECK((kinds(plan_addresses({}, {listed(present)}, false)) == std::vector{Change::kAdd}));
  for (const uint32_t flag : {IFA_F_NODAD, IFA_F_NOPREFIXROUTE, IFA_F_MANAGETEMPADDR}) {
    LinkAddress other = aged(present, 0);
    other.settings.flags ^= flag;
    const List plan = plan_addresses({other}, {listed(present)}, false);
    REQUIRE((kinds(plan) == std::vector{Change::kReplace}));
    CHECK((plan[0].flags & ~uint32_t{IFA_F_PERMANENT}) == IFA_F_MANAGETEMPADDR);
  }
}

TEST_CASE("replacing an address keeps the flags that nobody spoke of") {
  LinkAddress present = lasting(ipv6_address(1, 64, IFA_F_MANAGETEMPADDR | IFA_F_TENTATIVE));
  const List plan = plan_addresses({present}, {ipv6_address(1, 64, kOptions)}, false);
  REQUIRE((kinds(plan) == std::vector{Change::kReplace}));
  CHECK(plan[0].flags == (kOptions | IFA_F_MANAGETEMPADDR));
}

TEST_CASE("lifetimes that were asked for are given, and those that were not are for ever") {
  for (const bool ipv6 : {false, true}) {
    AddressSettings wanted = ipv6 ? ipv6_address(1, 64, 0) : virtual_address(1);
    LinkAddress present = lasting(wanted);
    CHECK(plan_addresses({present}, {wanted}, false).empty());
    wanted.given = AddressSettings::kLifetimes;
    wanted.preferred = 60;
    wanted.valid = 600;
    CHECK((kinds(plan_addresses({present}, {wanted}, false)) == std::vector{Change::kReplace}));
    present.settings.preferred = 60;
    present.settings.valid = 600;
    CHECK(plan_addresses({present}, {wanted}, false).empty());
    present.settings.valid = 599;
    CHECK((kinds(plan_addresses({present}, {wanted}, false)) == std::vector{Change::kReplace}));
  }
}

TEST_CASE("what the kernel does not change of an IPv4 address is refused where it was asked for") {
  const LinkAddress present = lasting(virtual_address(1, 24));
  const auto plan_with = [&](uint32_t given, auto change) {
    AddressSettings wanted = virtual_address(1, 24);
    change(wanted);
    const List unasked = plan_addresses({present}, {wanted}, false);
    wanted.given = given;
    const List asked = plan_addresses({present}, {wanted}, false);
    if (kinds(asked) != std::vector{Change::kRefuse, Change::kPresent}) return false;
    AddressSettings there = present.settings;
    there.change = asked[1].change;
    wanted.change = asked[0].change;
    return unasked.empty() && same(asked[0], wanted) && same(asked[1], there);
  };
  CHECK(plan_with(AddressSettings::kScope, [](auto& wanted) { wanted.scope = 254; }));
  CHECK(plan_with(AddressSettings::kLabel, [](auto& wanted) { wanted.label.assign("a"); }));
  CHECK(plan_with(AddressSettings::kBroadcast, [](auto& wanted) {
    wanted.broadcast = {10, 0, 0, 255};
  }));
  CHECK(plan_with(AddressSettings::kPrefixRoute,
                  [](auto& wanted) { wanted.flags = IFA_F_NOPREFIXROUTE; }));
}

TEST_CASE("of IPv6 another peer is another address, if it was asked for") {
  const LinkAddress present = lasting(ipv6_address(1, 128, kOptions));
  AddressSettings wanted = ipv6_address(1, 128, kOptions);
  wanted.peer = {0xfd, 1};
  CHECK(plan_addresses({present}, {wanted}, false).empty());
  wanted.given = AddressSettings::kPeer;
  CHECK((kinds(plan_addresses({present}, {wanted}, false)) ==
         std::vector{Change::kDelete, Change::kAdd}));
}

TEST_CASE("what the kernel itself puts on loopback is not pruned there, nor changed") {
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
  const List refused = plan_addresses({lasting(ipv6)}, {wanted}, true);
  REQUIRE((kinds(refused) == std::vector{Change::kRefuse, Change::kPresent}));
  CHECK(refused[0].prefix_length == 64);
  CHECK(refused[1].prefix_length == 128);
}

TEST_CASE("a secondary address is put back as it was") {
  ModelLink link({lasting(virtual_address(1, 24)), lasting(virtual_address(2, 24))}, false);
  Present existing = link.addresses();
  existing[1].settings.label.assign("vip0:a");
  existing[1].settings.broadcast = {10, 0, 0, 255};
  const List plan = plan_addresses(existing, {virtual_address(2, 24)}, true);
  REQUIRE((kinds(plan) == std::vector{Change::kDelete, Change::kReplace}));
  CHECK(plan[1].label.view() == "vip0:a");
  CHECK(plan[1].broadcast[3] == 255);
  CHECK(plan[1].flags == 0);
}

TEST_CASE("two wanted addresses that are one to the kernel must agree") {
  const auto contradicts = [](const AddressSettings& a, const AddressSettings& b) {
    const List wanted{virtual_address(9), a, b};
    const auto found = rtnl::Plan(wanted, false).contradiction();
    if (found) CHECK((*found == std::pair<size_t, size_t>{1, 2}));
    const List reversed{b, a};
    CHECK(rtnl::Plan(reversed, false).contradiction().has_value() == found.has_value());
    return found.has_value();
  };
  const AddressSettings ipv4 = virtual_address(1, 24);
  const AddressSettings ipv6 = ipv6_address(1, 64, kOptions);
  CHECK_FALSE(contradicts(ipv4, ipv4));
  CHECK_FALSE(contradicts(ipv4, virtual_address(1)));  // of IPv4 these are two
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

  AddressSettings scoped = ipv4;
  scoped.given = AddressSettings::kScope;
  scoped.scope = 254;
  CHECK_FALSE(contradicts(ipv4, scoped));
  AddressSettings labelled = ipv4;
  labelled.given = AddressSettings::kLabel;
  CHECK(contradicts(scoped, labelled));  // neither says all
}

TEST_CASE("of what is wanted twice, the one that asks for more counts") {
  AddressSettings listed_address = listed(ipv6_address(1, 64, 0));
  listed_address.preferred = listed_address.valid = AddressSettings::kForever;
  const AddressSettings bare = ipv6_address(1, 64, kOptions);
  const LinkAddress present = aged(listed_address, 0);
  CHECK(plan_addresses({present}, {bare, listed_address}, true).empty());
  CHECK(plan_addresses({present}, {listed_address, bare}, true).empty());
}

TEST_CASE("of IPv4 another prefix length is another address, of IPv6 it is not") {
  const List plan =
      plan_addresses({lasting(virtual_address(1, 24))}, List{virtual_address(1)}, false);
  REQUIRE(plan.size() == 1);
  CHECK(change_of(plan[0]) == Change::kAdd);

  AddressSettings address{};
  address.family = AF_INET6;
  address.address = {0xfd, 1};
  address.prefix_length = 64;
  AddressSettings wanted = address;
  wanted.prefix_length = 128;
  const List changes = plan_addresses({lasting(address)}, List{wanted}, false);
  REQUIRE(changes.size() == 2);
  CHECK(change_of(changes[0]) == Change::kDelete);
  CHECK(changes[0].prefix_length == 64);
  CHECK(change_of(changes[1]) == Change::kAdd);
  CHECK(changes[1].prefix_length == 128);
}
