// Messages of links and addresses, byte for byte; and hostile ones, with AddressSanitizer as judge.
#include "rtnl/codec.h"

#include <doctest/doctest.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include "test/random.h"
#include "test/wire.h"

using netlink::Address;
using netlink::Bytes;
using netlink::MessageBatch;
using netlink::Messages;
using netlink::Name;
using netlink::ReplyKind;
using rtnl::AddressSettings;
using rtnl::Link;
using rtnl::LinkAddress;
using rtnl::LinkKey;
using rtnl::LinkSettings;
using test::kMutations;
using test::Random;
using wire::attribute;
using wire::Buffer;
using wire::Exact;
using wire::hex;
using wire::join;
using wire::raw;
using wire::text;
using wire::to_hex;

namespace {

// Compared as bytes, so that no field is forgotten.
static_assert(std::has_unique_object_representations_v<Link>);
static_assert(std::has_unique_object_representations_v<AddressSettings>);
static_assert(std::has_unique_object_representations_v<LinkAddress>);

template <size_t Size>
Name<Size> name(std::string_view text) {
  Name<Size> result{};
  result.assign(text);
  return result;
}

LinkKey named(std::string_view text) { return {0, name<16>(text)}; }
LinkKey numbered(uint32_t index) { return {index, {}}; }

Buffer message(uint16_t type, int flags, const Buffer& payload) {
  const nlmsghdr header{.nlmsg_len = 0,
                        .nlmsg_type = type,
                        .nlmsg_flags = static_cast<uint16_t>(flags),
                        .nlmsg_seq = 0,
                        .nlmsg_pid = 0};
  return wire::message(header, payload);
}

// struct ifinfomsg: family, type, index, flags, and which of the flags are meant.
Buffer link_header(uint32_t index, uint32_t flags = 0, uint32_t change = 0) {
  return join(hex("00 00 0000"), raw(index), raw(flags), raw(change));
}

// struct ifaddrmsg
Buffer address_header(uint8_t family, uint8_t prefix_length, uint8_t flags, uint8_t scope,
                      uint32_t index) {
  return join(raw(family), raw(prefix_length), raw(flags), raw(scope), raw(index));
}

Buffer terminated(std::string_view characters) { return join(text(characters), Buffer(1)); }

const Buffer kSkipStats = attribute(IFLA_EXT_MASK, raw(uint32_t{RTEXT_FILTER_SKIP_STATS}));

Buffer kind_nest(std::string_view kind) {
  return attribute(IFLA_LINKINFO | NLA_F_NESTED, attribute(IFLA_INFO_KIND, terminated(kind)));
}

// What `put` appends: one message, whole.
template <typename Put>
std::string written(ReplyKind reply_kind, Put put) {
  MessageBatch batch;
  put(batch);
  REQUIRE(batch.size() == 1);
  CHECK(batch.entries()[0].reply_kind == reply_kind);
  CHECK(batch.entries()[0].length == batch.bytes().size());
  return to_hex(batch.bytes());
}

Address ip(std::string_view digits) {
  Address address{};
  const Buffer bytes = hex(digits);
  std::memcpy(address.data(), bytes.data(), bytes.size());
  return address;
}

AddressSettings web_address() {
  AddressSettings address{};
  address.address = ip("0a600001");
  address.family = AF_INET;
  address.prefix_length = 32;
  return address;
}

AddressSettings ipv6_address() {
  AddressSettings address{};
  address.address = ip("fd000000 00000000 00000000 00000001");
  address.family = AF_INET6;
  address.prefix_length = 128;
  address.flags = IFA_F_NODAD | IFA_F_NOPREFIXROUTE;
  return address;
}

template <typename Read>
auto read(Bytes payload, Read reader) {
  const Exact datagram(wire::bare_message({}, {payload.begin(), payload.end()}));
  Messages messages(datagram);
  REQUIRE(messages.next());
  return reader(messages);
}
std::optional<Link> read_link(Bytes payload) { return read(payload, rtnl::read_link); }
std::optional<LinkAddress> read_address(Bytes payload) { return read(payload, rtnl::read_address); }

template <typename Value>
std::string shown(const Value& value) {
  return to_hex(raw(value));
}
template <typename Value>
std::string shown(const std::optional<Value>& value) {
  return value ? shown(*value) : "nothing";
}

// A message's payload, and what is to be read from it.
template <typename Value>
struct Reply {
  Buffer payload;
  Value expected;
};

Buffer in_any_order(Random& random, std::vector<Buffer>& attributes) {
  for (size_t count = random.below(4); count > 0; --count) {
    // What no kernel has yet.
    attributes.push_back(
        attribute(static_cast<uint16_t>(random.between(200, 300)), random.bytes(random.below(40))));
  }
  random.shuffle(attributes);
  Buffer all;
  for (const Buffer& each : attributes) all = join(all, each);
  return all;
}

// Now and then a number comes with more behind it, or a string without its NUL.
template <typename Number>
Buffer number(Random& random, Number value) {
  return random.chance(10) ? join(raw(value), random.bytes(random.below(9))) : raw(value);
}
Buffer string(Random& random, std::string_view value) {
  return random.chance(50) ? text(value) : terminated(value);
}

Reply<Link> link_reply(Random& random) {
  Link link{};
  link.index = random.number<uint32_t>();
  link.flags = random.number<uint32_t>();
  std::vector<Buffer> attributes;
  if (random.chance(90)) {
    const std::string given = random.word(random.below(20));
    link.name.assign(given);
    attributes.push_back(attribute(IFLA_IFNAME, string(random, given)));
  }
  if (random.chance(90)) {
    link.mtu = random.number<uint32_t>();
    attributes.push_back(attribute(IFLA_MTU, number(random, link.mtu)));
  }
  if (random.chance(90)) {
    const auto state = random.number<uint8_t>();
    link.state = state;
    attributes.push_back(attribute(IFLA_OPERSTATE, number(random, state)));
  }
  if (random.chance(90)) {
    const Buffer bytes = random.bytes(random.below(40));
    link.hardware_length = static_cast<uint32_t>(std::min<size_t>(bytes.size(), 32));
    for (size_t i = 0; i < link.hardware_length; ++i) {
      link.hardware.at(i) = std::to_integer<uint8_t>(bytes[i]);
    }
    attributes.push_back(attribute(IFLA_ADDRESS, bytes));
  }
  if (random.chance(90)) {
    const std::string given = random.word(random.below(36));
    link.kind.assign(given);
    const Buffer kind = attribute(IFLA_INFO_KIND, string(random, given));
    const Buffer data = attribute(IFLA_INFO_DATA, random.bytes(random.below(20)));
    const uint16_t type = random.chance(50) ? IFLA_LINKINFO : IFLA_LINKINFO | NLA_F_NESTED;
    attributes.push_back(attribute(type, random.chance(50) ? join(kind, data) : join(data, kind)));
  }
  return {join(link_header(link.index, link.flags), in_any_order(random, attributes)), link};
}

Address random_address(Random& random, uint16_t family) {
  Address address{};
  for (size_t i = 0; i < (family == AF_INET ? 4U : 16U); ++i) {
    address.at(i) = static_cast<uint8_t>(random.between(1, 255));
  }
  return address;
}
Buffer address_bytes(const Address& address, uint16_t family) {
  Buffer bytes = raw(address);
  if (family == AF_INET) bytes.resize(4);
  return bytes;
}

Reply<LinkAddress> address_reply(Random& random) {
  LinkAddress found{};
  AddressSettings& settings = found.settings;
  found.index = random.number<uint32_t>();
  settings.family = random.chance(50) ? AF_INET : AF_INET6;
  settings.prefix_length = random.number<uint8_t>();
  settings.scope = random.number<uint8_t>();
  settings.flags = random.number<uint8_t>();
  const Buffer header = address_header(
      static_cast<uint8_t>(settings.family), static_cast<uint8_t>(settings.prefix_length),
      static_cast<uint8_t>(settings.flags), static_cast<uint8_t>(settings.scope), found.index);
  settings.preferred = settings.valid = AddressSettings::kForever;
  settings.address = random_address(random, settings.family);
  std::vector<Buffer> attributes;
  const Buffer own = address_bytes(settings.address, settings.family);
  switch (random.below(3)) {
    case 0:  // of IPv6, mostly
      attributes = {attribute(IFA_ADDRESS, own)};
      break;
    case 1:  // of IPv4, mostly
      attributes = {attribute(IFA_ADDRESS, own), attribute(IFA_LOCAL, own)};
      break;
    default:  // point to point
      settings.peer = random_address(random, settings.family);
      settings.peer[0] = static_cast<uint8_t>(settings.address[0] ^ 1);
      attributes = {attribute(IFA_ADDRESS, address_bytes(settings.peer, settings.family)),
                    attribute(IFA_LOCAL, own)};
      break;
  }
  if (random.chance(50)) {
    settings.broadcast = random_address(random, settings.family);
    attributes.push_back(
        attribute(IFA_BROADCAST, address_bytes(settings.broadcast, settings.family)));
  }
  if (random.chance(50)) {
    const std::string given = random.word(random.below(20));
    settings.label.assign(given);
    attributes.push_back(attribute(IFA_LABEL, string(random, given)));
  }
  if (random.chance(80)) {
    settings.flags = random.number<uint32_t>();
    attributes.push_back(attribute(IFA_FLAGS, number(random, settings.flags)));
  }
  if (random.chance(80)) {
    settings.preferred = random.number<uint32_t>();
    settings.valid = random.number<uint32_t>();
    const Buffer stamps = random.bytes(8);  // when it was made and changed
    attributes.push_back(
        attribute(IFA_CACHEINFO, join(raw(settings.preferred), raw(settings.valid), stamps)));
  }
  return {join(header, in_any_order(random, attributes)), found};
}

// The format once more: whether attributes fill the bytes, but for padding.
bool is_whole(Bytes bytes) {
  for (size_t at = 0; at < bytes.size();) {
    uint16_t length = 0;
    if (bytes.size() - at < 4) return false;
    std::memcpy(&length, &bytes[at], sizeof length);
    if (length < 4 || length > bytes.size() - at) return false;
    at += (length + 3U) & ~3U;
  }
  return true;
}

void mutate(Buffer& bytes, Random& random) {
  for (size_t count = random.between(1, 4); count > 0 && !bytes.empty(); --count) {
    const size_t at = random.below(bytes.size());
    const auto place = bytes.begin() + static_cast<ptrdiff_t>(at);
    switch (random.below(5)) {
      case 0:
        bytes[at] = random.bytes(1)[0];
        break;
      case 1:
        bytes[at / 4 * 4] = static_cast<std::byte>(random.below(24));  // where lengths stand
        break;
      case 2:
        bytes.resize(at);
        break;
      case 3:
        bytes.erase(place);
        break;
      default:
        bytes.insert(place, random.bytes(1)[0]);
        break;
    }
  }
}

}  // namespace

TEST_SUITE("questions about links are written as the kernel reads them:") {
  TEST_CASE("a link by its name") {
    CHECK(written(ReplyKind::kData,
                  [](MessageBatch& batch) { put_get_link(batch, named("ipvs0")); }) ==
          to_hex(message(
              RTM_GETLINK, NLM_F_REQUEST,
              join(link_header(0), attribute(IFLA_IFNAME, terminated("ipvs0")), kSkipStats))));
  }

  TEST_CASE("a link by its index") {
    CHECK(written(ReplyKind::kData, [](MessageBatch& batch) {
            put_get_link(batch, numbered(7));
          }) == to_hex(message(RTM_GETLINK, NLM_F_REQUEST, join(link_header(7), kSkipStats))));
  }

  TEST_CASE("all links, or those of a kind") {
    CHECK(
        written(ReplyKind::kData, [](MessageBatch& batch) { rtnl::put_list_links(batch, {}); }) ==
        to_hex(message(RTM_GETLINK, NLM_F_REQUEST | NLM_F_DUMP, join(link_header(0), kSkipStats))));
    CHECK(written(ReplyKind::kData,
                  [](MessageBatch& batch) { rtnl::put_list_links(batch, name<32>("dummy")); }) ==
          to_hex(message(RTM_GETLINK, NLM_F_REQUEST | NLM_F_DUMP,
                         join(link_header(0), kSkipStats, kind_nest("dummy")))));
  }
}

TEST_SUITE("commands to links are written as the kernel reads them:") {
  constexpr int kExclusive = NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL;

  TEST_CASE("a new dummy, which must not exist") {
    CHECK(written(ReplyKind::kErrorOnly,
                  [](MessageBatch& batch) { rtnl::put_new_dummy(batch, name<16>("ipvs0"), {}); }) ==
          to_hex(message(RTM_NEWLINK, kExclusive,
                         join(link_header(0), attribute(IFLA_IFNAME, terminated("ipvs0")),
                              kind_nest("dummy")))));
    const LinkSettings settings{.up = true, .mtu = 9000};
    CHECK(written(ReplyKind::kErrorOnly,
                  [&](MessageBatch& batch) {
                    rtnl::put_new_dummy(batch, name<16>("ipvs0"), settings);
                  }) ==
          to_hex(message(
              RTM_NEWLINK, kExclusive,
              join(link_header(0, IFF_UP, IFF_UP), attribute(IFLA_IFNAME, terminated("ipvs0")),
                   attribute(IFLA_MTU, raw(uint32_t{9000})), kind_nest("dummy")))));
  }

  TEST_CASE("settings, of which only those that are given are meant") {
    const auto set = [](const LinkSettings& settings) {
      return written(ReplyKind::kErrorOnly,
                     [&](MessageBatch& batch) { put_set_link(batch, numbered(7), settings); });
    };
    const auto expected = [](const Buffer& payload) {
      return to_hex(message(RTM_SETLINK, NLM_F_REQUEST, payload));
    };
    CHECK(set({}) == expected(link_header(7)));
    CHECK(set({.up = true}) == expected(link_header(7, IFF_UP, IFF_UP)));
    CHECK(set({.up = false}) == expected(link_header(7, 0, IFF_UP)));
    CHECK(set({.mtu = 1400}) ==
          expected(join(link_header(7), attribute(IFLA_MTU, raw(uint32_t{1400})))));
    CHECK(set({.up = false, .mtu = 0}) ==
          expected(join(link_header(7, 0, IFF_UP), attribute(IFLA_MTU, raw(uint32_t{0})))));
  }

  TEST_CASE("a name finds a link only where there is no index: it would rename it") {
    LinkKey both = named("ipvs0");
    both.index = 7;
    CHECK(written(ReplyKind::kErrorOnly, [&](MessageBatch& batch) {
            put_set_link(batch, both, {});
          }) == to_hex(message(RTM_SETLINK, NLM_F_REQUEST, link_header(7))));
    CHECK(written(ReplyKind::kErrorOnly,
                  [](MessageBatch& batch) { put_set_link(batch, named("ipvs0"), {}); }) ==
          to_hex(message(RTM_SETLINK, NLM_F_REQUEST,
                         join(link_header(0), attribute(IFLA_IFNAME, terminated("ipvs0"))))));
  }

  TEST_CASE("deletions") {
    CHECK(written(ReplyKind::kErrorOnly, [](MessageBatch& batch) {
            put_delete_link(batch, numbered(7));
          }) == to_hex(message(RTM_DELLINK, NLM_F_REQUEST, link_header(7))));
    // As long as a name can be.
    CHECK(written(ReplyKind::kErrorOnly,
                  [](MessageBatch& batch) { put_delete_link(batch, named("abcdefghijklmno")); }) ==
          to_hex(message(
              RTM_DELLINK, NLM_F_REQUEST,
              join(link_header(0), attribute(IFLA_IFNAME, terminated("abcdefghijklmno"))))));
  }
}

TEST_SUITE("addresses are written as the kernel reads them:") {
  const Buffer kIPv4 =
      join(attribute(IFA_LOCAL, hex("0a600001")), attribute(IFA_ADDRESS, hex("0a600001")));
  const Buffer kIPv6 = join(attribute(IFA_LOCAL, hex("fd000000 00000000 00000000 00000001")),
                            attribute(IFA_ADDRESS, hex("fd000000 00000000 00000000 00000001")));

  TEST_CASE("lists") {
    const auto list = [](uint32_t index, uint16_t family) {
      return written(ReplyKind::kData,
                     [&](MessageBatch& batch) { rtnl::put_list_addresses(batch, index, family); });
    };
    const auto expected = [](uint8_t family, uint32_t index) {
      return to_hex(
          message(RTM_GETADDR, NLM_F_REQUEST | NLM_F_DUMP, address_header(family, 0, 0, 0, index)));
    };
    CHECK(list(0, 0) == expected(0, 0));
    CHECK(list(7, AF_INET) == expected(2, 7));
    CHECK(list(0x01020304, AF_INET6) == expected(10, 0x01020304));
  }

  TEST_CASE("new ones, which must not exist") {
    constexpr int kExclusive = NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL;
    CHECK(written(ReplyKind::kErrorOnly,
                  [](MessageBatch& batch) { put_new_address(batch, 7, web_address()); }) ==
          to_hex(message(RTM_NEWADDR, kExclusive, join(address_header(2, 32, 0, 0, 7), kIPv4))));
    CHECK(written(ReplyKind::kErrorOnly,
                  [](MessageBatch& batch) {
                    put_new_address(batch, 0x01020304, ipv6_address());
                  }) == to_hex(message(RTM_NEWADDR, kExclusive,
                                       join(address_header(10, 128, 0, 0, 0x01020304), kIPv6,
                                            // Above what the header has room for.
                                            attribute(IFA_FLAGS, raw(uint32_t{0x202}))))));
  }

  TEST_CASE("with their scope, and the other end of the link") {
    AddressSettings address = web_address();
    address.scope = RT_SCOPE_LINK;
    address.prefix_length = 24;
    address.peer = ip("0a600109");
    CHECK(
        written(ReplyKind::kErrorOnly,
                [&](MessageBatch& batch) { put_new_address(batch, 7, address); }) ==
        to_hex(message(RTM_NEWADDR, NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL,
                       join(address_header(2, 24, 0, 253, 7), attribute(IFA_LOCAL, hex("0a600001")),
                            attribute(IFA_ADDRESS, hex("0a600109"))))));
  }

  TEST_CASE("with their broadcast address, label and lifetimes") {
    AddressSettings address = web_address();
    address.prefix_length = 24;
    address.broadcast = ip("0a6000ff");
    address.label = name<16>("vip0:a");
    address.preferred = 60;
    address.valid = 600;
    const Buffer broadcast = attribute(IFA_BROADCAST, hex("0a6000ff"));
    const Buffer label = attribute(IFA_LABEL, terminated("vip0:a"));
    const Buffer lifetimes =
        attribute(IFA_CACHEINFO, join(raw(uint32_t{60}), raw(uint32_t{600}), raw(uint64_t{0})));
    const auto expected = [](const Buffer& attributes) {
      return to_hex(message(RTM_NEWADDR, NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL,
                            join(address_header(2, 24, 0, 0, 7), attributes)));
    };
    const auto put = [&](MessageBatch& batch) { put_new_address(batch, 7, address); };
    CHECK(written(ReplyKind::kErrorOnly, put) == expected(join(kIPv4, broadcast, label)));
    address.given = AddressSettings::kLifetimes;
    CHECK(written(ReplyKind::kErrorOnly, put) ==
          expected(join(kIPv4, broadcast, lifetimes, label)));
  }

  TEST_CASE("deletions under the label that was asked for") {
    AddressSettings address = web_address();
    address.label = name<16>("vip0:a");
    const auto put = [&](MessageBatch& batch) { put_delete_address(batch, 7, address); };
    const Buffer named = join(address_header(2, 32, 0, 0, 7), kIPv4);
    CHECK(written(ReplyKind::kErrorOnly, put) ==
          to_hex(message(RTM_DELADDR, NLM_F_REQUEST, named)));
    address.given = AddressSettings::kLabel;
    CHECK(written(ReplyKind::kErrorOnly, put) ==
          to_hex(message(RTM_DELADDR, NLM_F_REQUEST,
                         join(named, attribute(IFA_LABEL, terminated("vip0:a"))))));
  }

  TEST_CASE("ones that are replaced, or made") {
    CHECK(written(ReplyKind::kErrorOnly,
                  [](MessageBatch& batch) {
                    put_replace_address(batch, 0x01020304, ipv6_address());
                  }) == to_hex(message(RTM_NEWADDR, NLM_F_REQUEST | NLM_F_CREATE | NLM_F_REPLACE,
                                       join(address_header(10, 128, 0, 0, 0x01020304), kIPv6,
                                            attribute(IFA_FLAGS, raw(uint32_t{0x202}))))));
  }

  TEST_CASE("deletions, always with the address, and no more than names it") {
    CHECK(written(ReplyKind::kErrorOnly,
                  [](MessageBatch& batch) { put_delete_address(batch, 7, web_address()); }) ==
          to_hex(message(RTM_DELADDR, NLM_F_REQUEST, join(address_header(2, 32, 0, 0, 7), kIPv4))));
    CHECK(written(ReplyKind::kErrorOnly,
                  [](MessageBatch& batch) {
                    put_delete_address(batch, 0x01020304, ipv6_address());
                  }) == to_hex(message(RTM_DELADDR, NLM_F_REQUEST,
                                       join(address_header(10, 128, 0, 0, 0x01020304), kIPv6))));
    AddressSettings address = web_address();
    address.peer = ip("0a600109");
    CHECK(written(ReplyKind::kErrorOnly,
                  [&](MessageBatch& batch) { put_delete_address(batch, 7, address); }) ==
          to_hex(message(RTM_DELADDR, NLM_F_REQUEST,
                         join(address_header(2, 32, 0, 0, 7), attribute(IFA_LOCAL, hex("0a600001")),
                              attribute(IFA_ADDRESS, hex("0a600109"))))));
  }
}

TEST_SUITE("what the kernel tells is read:") {
  TEST_CASE("a dummy link") {
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

  TEST_CASE("a link without anything") {
    Link link{};
    link.index = 1;
    CHECK(shown(read_link(link_header(1))) == shown(link));
    CHECK(shown(read_link(join(link_header(1), attribute(IFLA_ADDRESS, {}),
                               attribute(IFLA_IFNAME, {}), attribute(IFLA_LINKINFO, {})))) ==
          shown(link));
  }

  TEST_CASE("any link") {
    Random random;
    for (int round = 0; round < 5000; ++round) {
      const auto reply = link_reply(random);
      CAPTURE(to_hex(reply.payload));
      REQUIRE(shown(read_link(reply.payload)) == shown(reply.expected));
    }
  }

  TEST_CASE("any address") {
    Random random;
    for (int round = 0; round < 5000; ++round) {
      const auto reply = address_reply(random);
      CAPTURE(to_hex(reply.payload));
      REQUIRE(shown(read_address(reply.payload)) == shown(reply.expected));
    }
  }

  TEST_CASE("addresses of other families than IP are none") {
    for (const uint8_t family : {0, 1, 7, 28, 255}) {
      CHECK_FALSE(read_address(address_header(family, 32, 0, 0, 7)).has_value());
    }
  }

  TEST_CASE("known attributes of a wrong size are damage") {
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
  }
}

TEST_CASE("what is written is read back the same") {
  Random random;
  for (int round = 0; round < 5000; ++round) {
    LinkAddress address = address_reply(random).expected;
    AddressSettings wanted = address.settings;
    // Lifetimes are written where they were asked for.
    if (random.chance(50)) {
      wanted.given = AddressSettings::kLifetimes;
    } else {
      address.settings.preferred = address.settings.valid = AddressSettings::kForever;
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

TEST_CASE("a message that is cut anywhere gives an object only between attributes") {
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

TEST_CASE("mutated messages give an object only if they are whole") {
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
  // Otherwise the mutations are not what they should be.
  CHECK(objects > kMutations / 5);
  CHECK(objects < kMutations / 5 * 9);
}
