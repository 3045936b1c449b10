// Decoding of links and addresses, well-formed and malformed.
#include "rtnl/codec.h"

#include <doctest/doctest.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <net/if.h>

#include <optional>
#include <string>
#include <type_traits>

#include "netlink/message.h"
#include "test/mutations.h"
#include "test/random.h"
#include "test/reference_parser.h"
#include "test/rtnl_replies.h"
#include "test/wire.h"

using netlink::Bytes;
using netlink::MessageBatch;
using netlink::Messages;
using rtnl::AddressSettings;
using rtnl::Link;
using rtnl::LinkAddress;
using rtnl::LinkSettings;
using test::address_header;
using test::address_reply;
using test::kind_nest;
using test::kMutations;
using test::link_header;
using test::link_reply;
using test::mutate;
using test::Random;
using test::split_attributes;
using test::terminated;
using wire::attribute;
using wire::Buffer;
using wire::Exact;
using wire::hex;
using wire::join;
using wire::raw;
using wire::shown;
using wire::to_hex;

namespace {

// Compared as bytes, so that no field is forgotten.
static_assert(std::has_unique_object_representations_v<Link>);
static_assert(std::has_unique_object_representations_v<AddressSettings>);
static_assert(std::has_unique_object_representations_v<LinkAddress>);

template <typename Read>
auto read(Bytes payload, Read reader) {
  const Exact datagram(wire::bare_message({}, {payload.begin(), payload.end()}));
  Messages messages(datagram);
  REQUIRE(messages.next());
  return reader(messages);
}

std::optional<Link> read_link(Bytes payload) { return read(payload, rtnl::read_link); }

std::optional<LinkAddress> read_address(Bytes payload) { return read(payload, rtnl::read_address); }

// Returns the bytes of an optional value, or "nothing".
template <typename Value>
std::string shown(const std::optional<Value>& value) {
  return value ? wire::shown(*value) : "nothing";
}

bool is_whole(Bytes bytes) { return !split_attributes(bytes).malformed; }

}  // namespace

TEST_CASE("a dummy link is decoded") {
  Link link{};
  link.index = 7;
  link.flags = IFF_UP | IFF_NOARP;
  link.mtu = 1500;
  link.hardware_length = 6;
  link.hardware = {0x02, 0x42, 0xac, 0x11, 0x00, 0x02};
  link.name.assign("ipvs0");
  link.kind.assign("dummy");
  CHECK(shown(read_link(join(
            link_header(7, IFF_UP | IFF_NOARP), attribute(IFLA_IFNAME, terminated("ipvs0")),
            attribute(IFLA_OPERSTATE, hex("00")), attribute(IFLA_MTU, raw(uint32_t{1500})),
            attribute(IFLA_ADDRESS, hex("0242ac110002")), kind_nest("dummy")))) == shown(link));
}

TEST_CASE("a link without attributes is decoded") {
  Link link{};
  link.index = 1;
  CHECK(shown(read_link(link_header(1))) == shown(link));
  CHECK(shown(read_link(join(link_header(1), attribute(IFLA_ADDRESS, {}),
                             attribute(IFLA_IFNAME, {}), attribute(IFLA_LINKINFO, {})))) ==
        shown(link));
}

TEST_CASE("any link that a kernel may report is decoded") {
  Random random;
  for (int round = 0; round < 5000; ++round) {
    const auto reply = link_reply(random);
    CAPTURE(to_hex(reply.payload));
    REQUIRE(shown(read_link(reply.payload)) == shown(reply.expected));
  }
}

TEST_CASE("any address that a kernel may report is decoded") {
  Random random;
  for (int round = 0; round < 5000; ++round) {
    const auto reply = address_reply(random);
    CAPTURE(to_hex(reply.payload));
    REQUIRE(shown(read_address(reply.payload)) == shown(reply.expected));
  }
}

TEST_CASE("addresses of other families than IP decode to none") {
  for (const uint8_t family : {0, 1, 7, 28, 255}) {
    CHECK_FALSE(read_address(address_header(family, 32, 0, 0, 7)).has_value());
  }
}

TEST_CASE("known attributes of a wrong size are malformed") {
  const Buffer link = link_header(7);
  CHECK_FALSE(read_link(join(link, attribute(IFLA_MTU, hex("010203")))).has_value());
  CHECK_FALSE(read_link(join(link, attribute(IFLA_OPERSTATE, {}))).has_value());
  CHECK_FALSE(read_link(join(link, attribute(IFLA_LINKINFO, hex("010203")))).has_value());
  const Buffer address = address_header(10, 128, 0, 0, 7);
  for (const uint16_t type : {IFA_LOCAL, IFA_ADDRESS, IFA_BROADCAST}) {
    CHECK_FALSE(read_address(join(address, attribute(type, Buffer(17)))).has_value());
  }
  CHECK_FALSE(read_address(join(address, attribute(IFA_FLAGS, hex("010203")))).has_value());
  CHECK_FALSE(read_address(join(address, attribute(IFA_CACHEINFO, Buffer(15)))).has_value());
  CHECK_FALSE(read_address(join(address, attribute(IFA_RT_PRIORITY, Buffer(3)))).has_value());
  CHECK_FALSE(read_address(join(address, attribute(test::kOrigin, {}))).has_value());
}

TEST_CASE("decoding returns what was encoded") {
  Random random;
  for (int round = 0; round < 5000; ++round) {
    LinkAddress address = address_reply(random).expected;
    AddressSettings wanted = address.settings;
    // Lifetimes are encoded only if they were asked for.
    if (random.chance(50)) {
      wanted.given = AddressSettings::kLifetimes;
    } else {
      const bool deprecated = (wanted.flags & IFA_F_DEPRECATED) != 0;
      address.settings.preferred = deprecated ? 0 : AddressSettings::kForever;
      address.settings.valid = AddressSettings::kForever;
    }
    MessageBatch batch;
    put_new_address(batch, address.index, wanted);
    REQUIRE(shown(read_address(batch.bytes().subspan(sizeof(nlmsghdr)))) == shown(address));

    Link link{};
    link.name.assign(random.word(random.between(1, 15)));
    link.kind.assign("dummy");
    LinkSettings settings;
    if (random.chance(50)) settings.mtu = link.mtu = random.number<uint32_t>();
    if (random.chance(50)) {
      settings.up = random.chance(50);
      link.flags = *settings.up ? IFF_UP : 0;
    }
    batch.clear();
    rtnl::put_new_dummy(batch, link.name, settings);
    REQUIRE(shown(read_link(batch.bytes().subspan(sizeof(nlmsghdr)))) == shown(link));
  }
}

TEST_CASE("a message cut anywhere decodes to an object only if it is cut between attributes") {
  Random random;
  for (int round = 0; round < 50; ++round) {
    const Buffer link = link_reply(random).payload;
    for (size_t length = 0; length <= link.size(); ++length) {
      const Bytes cut = Bytes(link).first(length);
      CAPTURE(to_hex(cut));
      REQUIRE(read_link(cut).has_value() == (length >= 16 && is_whole(cut.subspan(16))));
    }
    const Buffer address = address_reply(random).payload;
    for (size_t length = 0; length <= address.size(); ++length) {
      const Bytes cut = Bytes(address).first(length);
      CAPTURE(to_hex(cut));
      REQUIRE(read_address(cut).has_value() == (length >= 8 && is_whole(cut.subspan(8))));
    }
  }
}

TEST_CASE("a mutated message decodes to an object only if it is whole") {
  Random random;
  int objects = 0;
  Buffer link;
  Buffer address;
  for (int round = 0; round < kMutations; ++round) {
    if (round % 20 == 0) {
      link = link_reply(random).payload;
      address = address_reply(random).payload;
    }
    Buffer mutated = link;
    mutate(mutated, random);
    if (const auto found = read_link(mutated)) {
      ++objects;
      if (!is_whole(Bytes(mutated).subspan(16))) FAIL("a link in " << to_hex(mutated));
      if (found->hardware_length > 32 || found->name.bytes.back() != '\0' ||
          found->kind.bytes.back() != '\0') {
        FAIL("a link beyond its fields in " << to_hex(mutated));
      }
    }
    mutated = address;
    mutate(mutated, random);
    if (const auto found = read_address(mutated)) {
      ++objects;
      if (!is_whole(Bytes(mutated).subspan(8))) FAIL("an address in " << to_hex(mutated));
      if (found->settings.label.bytes.back() != '\0') {
        FAIL("an address beyond its fields in " << to_hex(mutated));
      }
    }
  }
  // Otherwise the mutations are too weak or too strong.
  CHECK(objects > kMutations / 5);
  CHECK(objects < kMutations / 5 * 9);
}
