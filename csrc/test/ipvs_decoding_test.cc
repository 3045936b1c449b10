// Decoding of the objects of IPVS.
#include "ipvs/codec.h"

#include <doctest/doctest.h>
#include <linux/ip_vs.h>
#include <netinet/in.h>

#include <string>
#include <type_traits>

#include "netlink/message.h"
#include "test/ipvs_codec.h"
#include "test/ipvs_replies.h"
#include "test/random.h"
#include "test/wire.h"

using ipvs::Destination;
using ipvs::DestinationEntry;
using ipvs::Fields;
using ipvs::Service;
using ipvs::ServiceFlags;
using ipvs::SyncDaemon;
using ipvs::Timeouts;
using netlink::Attributes;
using test::decode_daemon;
using test::decode_destination;
using test::decode_service;
using test::encoded;
using test::Random;
using test::web_service;
using wire::attribute;
using wire::Buffer;
using wire::hex;
using wire::join;
using wire::raw;
using wire::shown;
using wire::to_hex;

namespace {

// Compared as bytes, so that no field is forgotten.
static_assert(std::has_unique_object_representations_v<Service>);
static_assert(std::has_unique_object_representations_v<Destination>);
static_assert(std::has_unique_object_representations_v<ipvs::Stats>);
static_assert(std::has_unique_object_representations_v<DestinationEntry>);
static_assert(std::has_unique_object_representations_v<SyncDaemon>);
static_assert(std::has_unique_object_representations_v<Timeouts>);

Buffer service_nest(const Buffer& inside) { return attribute(1, inside); }
Buffer destination_nest(const Buffer& inside) { return attribute(2, inside); }

}  // namespace

TEST_CASE("any service that a kernel may report is decoded") {
  Random random;
  for (int round = 0; round < 5000; ++round) {
    const auto reply = test::service_reply(random);
    const auto entry = decode_service({reply.payload.begin() + 4, reply.payload.end()});
    CAPTURE(to_hex(reply.payload));
    REQUIRE(entry.has_value());
    REQUIRE(shown(entry->service) == shown(reply.expected.service));
    REQUIRE(shown(entry->stats) == shown(reply.expected.stats));
    CHECK((entry->service.flags & ServiceFlags::kHashed) == 0);
  }
}

TEST_CASE("any destination that a kernel may report is decoded") {
  Random random;
  for (int round = 0; round < 5000; ++round) {
    const uint16_t family = random.chance(50) ? AF_INET : AF_INET6;
    const auto reply = test::destination_reply(random, family);
    const auto entry = decode_destination({reply.payload.begin() + 4, reply.payload.end()}, family);
    CAPTURE(to_hex(reply.payload));
    REQUIRE(entry.has_value());
    REQUIRE(shown(*entry) == shown(reply.expected));
  }
}

TEST_CASE("a destination is decoded without its statistics on request") {
  Random random;
  for (int round = 0; round < 1000; ++round) {
    const auto reply = test::destination_reply(random, AF_INET);
    const auto entry = decode_destination({reply.payload.begin() + 4, reply.payload.end()}, AF_INET,
                                          ipvs::Statistics::kSkip);
    DestinationEntry expected = reply.expected;
    expected.stats = {};
    CAPTURE(to_hex(reply.payload));
    REQUIRE(entry.has_value());
    REQUIRE(shown(*entry) == shown(expected));
  }
}

TEST_CASE("any daemon that a kernel may report is decoded") {
  Random random;
  for (int round = 0; round < 2000; ++round) {
    const auto reply = test::daemon_reply(random);
    const auto daemon = decode_daemon({reply.payload.begin() + 4, reply.payload.end()});
    CAPTURE(to_hex(reply.payload));
    REQUIRE(daemon.has_value());
    REQUIRE(shown(*daemon) == shown(reply.expected));
    const auto again = decode_daemon(encoded(*daemon, Fields::kFull));
    REQUIRE(again.has_value());
    REQUIRE(shown(*again) == shown(*daemon));
  }
  CHECK_FALSE(decode_daemon({}).has_value());
  CHECK_FALSE(decode_daemon(service_nest({})).has_value());
  const Buffer five = attribute(IPVS_DAEMON_ATTR_MCAST_GROUP, hex("e0000051 00"));
  CHECK_FALSE(decode_daemon(attribute(IPVS_CMD_ATTR_DAEMON, five)).has_value());
}

TEST_CASE("decoding returns what was encoded") {
  Random random;
  for (int round = 0; round < 5000; ++round) {
    const Service service = test::random_service(random);
    const auto whole = decode_service(encoded(service, Fields::kFull));
    REQUIRE(whole.has_value());
    REQUIRE(shown(whole->service) == shown(service));
    CHECK(shown(whole->stats) == shown(ipvs::Stats{}));

    const auto named = decode_service(encoded(service, Fields::kKey));
    Service key{};
    key.key = service.key;
    REQUIRE(named.has_value());
    REQUIRE(shown(named->service) == shown(key));

    const Destination destination = test::random_destination(random);
    const auto target = decode_destination(encoded(destination, Fields::kFull), 99);
    REQUIRE(target.has_value());
    DestinationEntry expected{};
    expected.destination = destination;
    REQUIRE(shown(*target) == shown(expected));
  }
}

TEST_CASE("64-bit statistics take precedence, in any order") {
  Buffer narrow;
  Buffer wide;
  for (uint16_t type = 1; type <= 10; ++type) {
    const bool bytes = type == 4 || type == 5;
    narrow = join(narrow, attribute(type, bytes ? raw(uint64_t{type}) : raw(uint32_t{type})));
    wide = join(wide, attribute(type, raw((uint64_t{1} << 40) + type)));
  }
  narrow = attribute(10, narrow);
  wide = attribute(12, wide);
  const auto is_wide = [](const ipvs::Stats& stats) {
    return stats.connections == (uint64_t{1} << 40) + 1 &&
           stats.out_byte_rate == (uint64_t{1} << 40) + 10;
  };
  CHECK(is_wide(decode_service(service_nest(join(narrow, wide)))->stats));
  CHECK(is_wide(decode_service(service_nest(join(wide, narrow)))->stats));
  CHECK(is_wide(decode_destination(destination_nest(join(narrow, wide)))->stats));
  CHECK(is_wide(decode_destination(destination_nest(join(wide, narrow)))->stats));

  const auto only = decode_service(service_nest(narrow))->stats;
  CHECK(only.connections == 1);
  CHECK(only.in_packets == 2);
  CHECK(only.out_packets == 3);
  CHECK(only.in_bytes == 4);
  CHECK(only.out_bytes == 5);
  CHECK(only.connection_rate == 6);
  CHECK(only.in_packet_rate == 7);
  CHECK(only.out_packet_rate == 8);
  CHECK(only.in_byte_rate == 9);
  CHECK(only.out_byte_rate == 10);
}

TEST_CASE("an IPv4 netmask is decoded as a mask and an IPv6 one as a prefix length, in any order") {
  const Buffer mask = attribute(IPVS_SVC_ATTR_NETMASK, hex("ff ff fe 00"));
  const Buffer length = attribute(IPVS_SVC_ATTR_NETMASK, raw(uint32_t{64}));
  const Buffer v4 = attribute(IPVS_SVC_ATTR_AF, raw(uint16_t{AF_INET}));
  const Buffer v6 = attribute(IPVS_SVC_ATTR_AF, raw(uint16_t{AF_INET6}));
  CHECK(decode_service(service_nest(join(v4, mask)))->service.netmask == 0xfffffe00);
  CHECK(decode_service(service_nest(join(mask, v4)))->service.netmask == 0xfffffe00);
  CHECK(decode_service(service_nest(join(v6, length)))->service.netmask == 64);
  CHECK(decode_service(service_nest(join(length, v6)))->service.netmask == 64);
}

TEST_CASE("a destination without a family gets the family of its service") {
  const Buffer address = attribute(IPVS_DEST_ATTR_ADDR, hex("0a000002"));
  const Buffer none = attribute(IPVS_DEST_ATTR_ADDR_FAMILY, raw(uint16_t{0}));
  const Buffer v6 = attribute(IPVS_DEST_ATTR_ADDR_FAMILY, raw(uint16_t{AF_INET6}));
  const auto family = [](const Buffer& inside, uint16_t services) {
    return decode_destination(destination_nest(inside), services)->destination.key.family;
  };
  CHECK(family(address, AF_INET) == AF_INET);
  CHECK(family(address, AF_INET6) == AF_INET6);
  CHECK(family(join(address, none), AF_INET6) == AF_INET6);
  CHECK(family(join(address, v6), AF_INET) == AF_INET6);
}

TEST_CASE("a name longer than its field is cut") {
  const std::string name(40, 'x');
  const Buffer payload = join(wire::text(name), Buffer(1));
  const auto entry = decode_service(service_nest(join(attribute(IPVS_SVC_ATTR_SCHED_NAME, payload),
                                                      attribute(IPVS_SVC_ATTR_PE_NAME, payload))));
  REQUIRE(entry.has_value());
  CHECK(entry->service.scheduler.view() == std::string(15, 'x'));
  CHECK(entry->service.engine.view() == std::string(19, 'x'));
  CHECK(entry->service.scheduler.bytes.back() == '\0');
  CHECK(entry->service.engine.bytes.back() == '\0');
}

TEST_CASE("a name that fills its field is encoded with a NUL") {
  Service service = web_service();
  service.scheduler.bytes.fill('x');
  service.engine.bytes.fill('y');
  const auto entry = decode_service(encoded(service, Fields::kFull));
  REQUIRE(entry.has_value());
  CHECK(entry->service.scheduler.view() == std::string(15, 'x'));
  CHECK(entry->service.engine.view() == std::string(19, 'y'));
}

TEST_CASE("known attributes that are too short, and addresses that are too long, are malformed") {
  for (uint16_t type = 1; type <= 15; ++type) {
    CAPTURE(type);
    // Only a name and an address may have no bytes at all.
    const bool name = type == IPVS_SVC_ATTR_SCHED_NAME || type == IPVS_SVC_ATTR_PE_NAME;
    const bool stats = type == 10 || type == 12;
    const bool known = type <= 12;
    const bool service_reads = name || stats || !known || type == IPVS_SVC_ATTR_ADDR;
    CHECK(decode_service(service_nest(attribute(type, {}))).has_value() == service_reads);
    const bool destination_reads = stats || type == IPVS_DEST_ATTR_ADDR;
    CHECK(decode_destination(destination_nest(attribute(type, {}))).has_value() ==
          destination_reads);
  }
  const Buffer seventeen(17);
  CHECK_FALSE(decode_service(service_nest(attribute(IPVS_SVC_ATTR_ADDR, seventeen))).has_value());
  CHECK_FALSE(
      decode_destination(destination_nest(attribute(IPVS_DEST_ATTR_ADDR, seventeen))).has_value());
  for (uint16_t type = 1; type <= 11; ++type) {
    CAPTURE(type);
    for (const uint16_t nest : {IPVS_SVC_ATTR_STATS, IPVS_SVC_ATTR_STATS64}) {
      const Buffer stats = attribute(nest, attribute(type, hex("01 02 03")));
      CHECK(decode_service(service_nest(stats)).has_value() == (type == IPVS_STATS_ATTR_PAD));
    }
  }
}

TEST_CASE("a message without the object decodes to none") {
  CHECK_FALSE(decode_service({}).has_value());
  CHECK_FALSE(decode_service(destination_nest({})).has_value());
  CHECK_FALSE(decode_destination({}).has_value());
  CHECK_FALSE(decode_destination(service_nest({})).has_value());
  CHECK(decode_service(service_nest({})).has_value());
  CHECK(decode_destination(destination_nest({})).has_value());
}

TEST_CASE("the information is decoded, whatever attributes accompany it") {
  const Buffer version = attribute(IPVS_INFO_ATTR_VERSION, raw(uint32_t{0x010201}));
  const Buffer size = attribute(IPVS_INFO_ATTR_CONN_TAB_SIZE, raw(uint32_t{4096}));
  const Buffer news = attribute(3, hex("0102"));
  const auto read = [](const Buffer& bytes) {
    const wire::Exact exact(bytes);
    return ipvs::read_info(Attributes(exact));
  };
  for (const Buffer& bytes : {join(version, size), join(size, news, version)}) {
    const auto info = read(bytes);
    REQUIRE(info.has_value());
    CHECK(info->version == 0x010201);
    CHECK(info->connection_table_size == 4096);
  }
  CHECK(read(version)->connection_table_size == 0);
  CHECK_FALSE(read(attribute(IPVS_INFO_ATTR_VERSION, hex("0102"))).has_value());
  CHECK_FALSE(read(join(version, hex("ff ff"))).has_value());
}

TEST_CASE("names are cut to their field and end with a NUL") {
  ipvs::Name<16> name{};
  for (size_t length = 0; length < 40; ++length) {
    const std::string text(length, 'x');
    name.bytes.fill('y');
    name.assign(text);
    CHECK(name.view() == text.substr(0, 15));
    CHECK(name.bytes.back() == '\0');
  }
  name.bytes.fill('z');
  CHECK(name.view() == std::string(15, 'z'));
}
