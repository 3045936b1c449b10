// Encoding of requests on links and addresses, byte by byte.
#include "rtnl/codec.h"

#include <doctest/doctest.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>

#include <cstring>
#include <string>
#include <string_view>

#include "netlink/message.h"
#include "test/rtnl_replies.h"
#include "test/wire.h"

using netlink::Address;
using netlink::MessageBatch;
using netlink::Name;
using netlink::ReplyKind;
using rtnl::AddressSettings;
using rtnl::LinkKey;
using rtnl::LinkSettings;
using test::address_header;
using test::kind_nest;
using test::link_header;
using test::terminated;
using wire::attribute;
using wire::Buffer;
using wire::hex;
using wire::join;
using wire::raw;
using wire::text;
using wire::to_hex;

namespace {

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

const Buffer kSkipStats = attribute(IFLA_EXT_MASK, raw(uint32_t{RTEXT_FILTER_SKIP_STATS}));

// Returns the one message that `put` appends.
template <typename Put>
std::string encoded(ReplyKind kind, Put put) {
  MessageBatch batch;
  put(batch);
  REQUIRE(batch.size() == 1);
  CHECK(batch.entries()[0].reply_kind == kind);
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

constexpr int kExclusive = NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL;

const Buffer kIPv4 =
    join(attribute(IFA_LOCAL, hex("0a600001")), attribute(IFA_ADDRESS, hex("0a600001")));

const Buffer kIPv6 = join(attribute(IFA_LOCAL, hex("fd000000 00000000 00000000 00000001")),
                          attribute(IFA_ADDRESS, hex("fd000000 00000000 00000000 00000001")));

}  // namespace

TEST_CASE("a query for a link is encoded with its name") {
  CHECK(
      encoded(ReplyKind::kData, [](MessageBatch& batch) { put_get_link(batch, named("ipvs0")); }) ==
      to_hex(
          message(RTM_GETLINK, NLM_F_REQUEST,
                  join(link_header(0), attribute(IFLA_IFNAME, terminated("ipvs0")), kSkipStats))));
}

TEST_CASE("a query for a link is encoded with its index") {
  CHECK(encoded(ReplyKind::kData, [](MessageBatch& batch) { put_get_link(batch, numbered(7)); }) ==
        to_hex(message(RTM_GETLINK, NLM_F_REQUEST, join(link_header(7), kSkipStats))));
}

TEST_CASE("a list of links is encoded with or without a kind") {
  CHECK(encoded(ReplyKind::kDump, [](MessageBatch& batch) { rtnl::put_list_links(batch, {}); }) ==
        to_hex(message(RTM_GETLINK, NLM_F_REQUEST | NLM_F_DUMP, join(link_header(0), kSkipStats))));
  CHECK(encoded(ReplyKind::kDump,
                [](MessageBatch& batch) { rtnl::put_list_links(batch, name<32>("dummy")); }) ==
        to_hex(message(RTM_GETLINK, NLM_F_REQUEST | NLM_F_DUMP,
                       join(link_header(0), kSkipStats, kind_nest("dummy")))));
}

TEST_CASE("a new dummy link is encoded so that it must not exist") {
  CHECK(encoded(ReplyKind::kErrorOnly,
                [](MessageBatch& batch) { rtnl::put_new_dummy(batch, name<16>("ipvs0"), {}); }) ==
        to_hex(message(RTM_NEWLINK, kExclusive,
                       join(link_header(0), attribute(IFLA_IFNAME, terminated("ipvs0")),
                            kind_nest("dummy")))));
  const LinkSettings settings{.up = true, .mtu = 9000};
  CHECK(encoded(ReplyKind::kErrorOnly,
                [&](MessageBatch& batch) {
                  rtnl::put_new_dummy(batch, name<16>("ipvs0"), settings);
                }) ==
        to_hex(message(
            RTM_NEWLINK, kExclusive,
            join(link_header(0, IFF_UP, IFF_UP), attribute(IFLA_IFNAME, terminated("ipvs0")),
                 attribute(IFLA_MTU, raw(uint32_t{9000})), kind_nest("dummy")))));
}

TEST_CASE("only settings of a link that are given are encoded") {
  const auto set = [](const LinkSettings& settings) {
    return encoded(ReplyKind::kErrorOnly,
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

TEST_CASE("the name of a link is encoded only without an index, since it would rename the link") {
  LinkKey both = named("ipvs0");
  both.index = 7;
  CHECK(encoded(ReplyKind::kErrorOnly, [&](MessageBatch& batch) {
          put_set_link(batch, both, {});
        }) == to_hex(message(RTM_SETLINK, NLM_F_REQUEST, link_header(7))));
  CHECK(encoded(ReplyKind::kErrorOnly,
                [](MessageBatch& batch) { put_set_link(batch, named("ipvs0"), {}); }) ==
        to_hex(message(RTM_SETLINK, NLM_F_REQUEST,
                       join(link_header(0), attribute(IFLA_IFNAME, terminated("ipvs0"))))));
}

TEST_CASE("the deletion of a link is encoded with its index or its name") {
  CHECK(encoded(ReplyKind::kErrorOnly, [](MessageBatch& batch) {
          put_delete_link(batch, numbered(7));
        }) == to_hex(message(RTM_DELLINK, NLM_F_REQUEST, link_header(7))));
  // The longest possible name.
  CHECK(
      encoded(ReplyKind::kErrorOnly,
              [](MessageBatch& batch) { put_delete_link(batch, named("abcdefghijklmno")); }) ==
      to_hex(message(RTM_DELLINK, NLM_F_REQUEST,
                     join(link_header(0), attribute(IFLA_IFNAME, terminated("abcdefghijklmno"))))));
}

TEST_CASE("a list of addresses is encoded with its link and its family") {
  const auto list = [](uint32_t index, uint16_t family) {
    return encoded(ReplyKind::kDump,
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

TEST_CASE("a new address is encoded so that it must not exist") {
  constexpr int kExclusive = NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL;
  CHECK(encoded(ReplyKind::kErrorOnly,
                [](MessageBatch& batch) { put_new_address(batch, 7, web_address()); }) ==
        to_hex(message(RTM_NEWADDR, kExclusive, join(address_header(2, 32, 0, 0, 7), kIPv4))));
  CHECK(encoded(ReplyKind::kErrorOnly,
                [](MessageBatch& batch) { put_new_address(batch, 0x01020304, ipv6_address()); }) ==
        to_hex(message(RTM_NEWADDR, kExclusive,
                       join(address_header(10, 128, 0, 0, 0x01020304), kIPv6,
                            // More bits than fit into the header.
                            attribute(IFA_FLAGS, raw(uint32_t{0x202}))))));
}

TEST_CASE("an address is encoded with its scope and its peer") {
  AddressSettings address = web_address();
  address.scope = RT_SCOPE_LINK;
  address.prefix_length = 24;
  address.peer = ip("0a600109");
  CHECK(encoded(ReplyKind::kErrorOnly,
                [&](MessageBatch& batch) { put_new_address(batch, 7, address); }) ==
        to_hex(message(RTM_NEWADDR, NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL,
                       join(address_header(2, 24, 0, 253, 7), attribute(IFA_LOCAL, hex("0a600001")),
                            attribute(IFA_ADDRESS, hex("0a600109"))))));
}

TEST_CASE("an address is encoded with the metric and the origin that it had") {
  AddressSettings address = web_address();
  address.metric = 50;
  address.origin = 4;
  const auto put = [&](MessageBatch& batch) { put_replace_address(batch, 7, address); };
  CHECK(encoded(ReplyKind::kErrorOnly, put) ==
        to_hex(message(RTM_NEWADDR, NLM_F_REQUEST | NLM_F_CREATE | NLM_F_REPLACE,
                       join(address_header(2, 32, 0, 0, 7), kIPv4,
                            attribute(IFA_RT_PRIORITY, raw(uint32_t{50})),
                            attribute(test::kOrigin, hex("04"))))));
}

TEST_CASE("an address is encoded with its broadcast address, label and lifetimes") {
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
  CHECK(encoded(ReplyKind::kErrorOnly, put) == expected(join(kIPv4, broadcast, label)));
  address.given = AddressSettings::kLifetimes;
  CHECK(encoded(ReplyKind::kErrorOnly, put) == expected(join(kIPv4, broadcast, lifetimes, label)));
}

TEST_CASE("the deletion of an address is encoded with its label if that was asked for") {
  AddressSettings address = web_address();
  address.label = name<16>("vip0:a");
  const auto put = [&](MessageBatch& batch) { put_delete_address(batch, 7, address); };
  const Buffer named = join(address_header(2, 32, 0, 0, 7), kIPv4);
  CHECK(encoded(ReplyKind::kErrorOnly, put) == to_hex(message(RTM_DELADDR, NLM_F_REQUEST, named)));
  address.given = AddressSettings::kLabel;
  CHECK(encoded(ReplyKind::kErrorOnly, put) ==
        to_hex(message(RTM_DELADDR, NLM_F_REQUEST,
                       join(named, attribute(IFA_LABEL, terminated("vip0:a"))))));
}

TEST_CASE("the replacement of an address is encoded so that it may exist or not") {
  CHECK(encoded(ReplyKind::kErrorOnly,
                [](MessageBatch& batch) {
                  put_replace_address(batch, 0x01020304, ipv6_address());
                }) == to_hex(message(RTM_NEWADDR, NLM_F_REQUEST | NLM_F_CREATE | NLM_F_REPLACE,
                                     join(address_header(10, 128, 0, 0, 0x01020304), kIPv6,
                                          attribute(IFA_FLAGS, raw(uint32_t{0x202}))))));
}

TEST_CASE("the deletion of an address is encoded with the address and no settings") {
  CHECK(encoded(ReplyKind::kErrorOnly,
                [](MessageBatch& batch) { put_delete_address(batch, 7, web_address()); }) ==
        to_hex(message(RTM_DELADDR, NLM_F_REQUEST, join(address_header(2, 32, 0, 0, 7), kIPv4))));
  CHECK(encoded(ReplyKind::kErrorOnly,
                [](MessageBatch& batch) {
                  put_delete_address(batch, 0x01020304, ipv6_address());
                }) == to_hex(message(RTM_DELADDR, NLM_F_REQUEST,
                                     join(address_header(10, 128, 0, 0, 0x01020304), kIPv6))));
  AddressSettings address = web_address();
  address.peer = ip("0a600109");
  CHECK(encoded(ReplyKind::kErrorOnly,
                [&](MessageBatch& batch) { put_delete_address(batch, 7, address); }) ==
        to_hex(message(RTM_DELADDR, NLM_F_REQUEST,
                       join(address_header(2, 32, 0, 0, 7), attribute(IFA_LOCAL, hex("0a600001")),
                            attribute(IFA_ADDRESS, hex("0a600109"))))));
}
