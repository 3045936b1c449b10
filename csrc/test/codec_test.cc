#include "ipvs/codec.h"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <linux/genetlink.h>
#include <linux/ip_vs.h>

#include <optional>

#include "test/ipvs_replies.h"
#include "test/random.h"
#include "test/wire.h"

using ipvs::Destination;
using ipvs::DestinationEntry;
using ipvs::Fields;
using ipvs::Service;
using ipvs::ServiceEntry;
using ipvs::ServiceFlags;
using ipvs::SyncDaemon;
using ipvs::Timeouts;
using netlink::Attributes;
using netlink::Bytes;
using netlink::MessageBatch;
using netlink::ReplyKind;
using test::Random;
using wire::attribute;
using wire::Buffer;
using wire::hex;
using wire::join;
using wire::raw;
using wire::to_hex;

namespace {

// Compared as bytes, so that no field is forgotten.
static_assert(std::has_unique_object_representations_v<Service>);
static_assert(std::has_unique_object_representations_v<Destination>);
static_assert(std::has_unique_object_representations_v<ipvs::Stats>);
static_assert(std::has_unique_object_representations_v<DestinationEntry>);
static_assert(std::has_unique_object_representations_v<SyncDaemon>);
static_assert(std::has_unique_object_representations_v<Timeouts>);

template <typename Value>
std::string shown(const Value& value) {
  return to_hex(raw(value));
}

Buffer attributes_of(MessageBatch& batch) {
  batch.end();
  const auto bytes = batch.bytes().subspan(sizeof(nlmsghdr) + sizeof(genlmsghdr));
  return {bytes.begin(), bytes.end()};
}

Buffer encoded(const Service& service, Fields part) {
  MessageBatch batch;
  batch.begin(30, 0, genlmsghdr{}, ReplyKind::kErrorOnly);
  put_service(batch, service, part);
  return attributes_of(batch);
}

Buffer encoded(const Destination& destination, Fields part) {
  MessageBatch batch;
  batch.begin(30, 0, genlmsghdr{}, ReplyKind::kErrorOnly);
  put_destination(batch, destination, part);
  return attributes_of(batch);
}

Buffer encoded(const SyncDaemon& daemon, Fields part) {
  MessageBatch batch;
  batch.begin(30, 0, genlmsghdr{}, ReplyKind::kErrorOnly);
  put_daemon(batch, daemon, part);
  return attributes_of(batch);
}

Buffer encoded(const Timeouts& timeouts) {
  MessageBatch batch;
  batch.begin(30, 0, genlmsghdr{}, ReplyKind::kErrorOnly);
  put_timeouts(batch, timeouts);
  return attributes_of(batch);
}

std::optional<ServiceEntry> read_service(const Buffer& bytes) {
  const wire::Exact exact(bytes);
  return ipvs::read_service(Attributes(exact));
}

std::optional<DestinationEntry> read_destination(const Buffer& bytes, uint16_t family = AF_INET) {
  const wire::Exact exact(bytes);
  return ipvs::read_destination(Attributes(exact), family);
}

std::optional<SyncDaemon> read_daemon(const Buffer& bytes) {
  const wire::Exact exact(bytes);
  return ipvs::read_daemon(Attributes(exact));
}

std::optional<Timeouts> read_timeouts(const Buffer& bytes) {
  const wire::Exact exact(bytes);
  return ipvs::read_timeouts(Attributes(exact));
}

Buffer service_nest(const Buffer& inside) { return attribute(1, inside); }
Buffer destination_nest(const Buffer& inside) { return attribute(2, inside); }

Service web_service() {
  Service service{};
  service.key.family = AF_INET;
  service.key.protocol = 6;
  service.key.address = {192, 0, 2, 1};
  service.key.port = 443;
  service.flags = ServiceFlags::kPersistent | 0x08;
  service.timeout = 300;
  service.netmask = 0xffffff00;
  service.scheduler.assign("sh");
  return service;
}

}  // namespace

TEST_SUITE("services are written as the kernel reads them:") {
  TEST_CASE("IPv4, in full") {
    CHECK(to_hex(encoded(web_service(), Fields::kFull)) ==
          to_hex(attribute(
              IPVS_CMD_ATTR_SERVICE | NLA_F_NESTED,
              join(attribute(IPVS_SVC_ATTR_AF, raw(uint16_t{2})),
                   attribute(IPVS_SVC_ATTR_PROTOCOL, raw(uint16_t{6})),
                   attribute(IPVS_SVC_ATTR_ADDR, hex("c0000201 00000000 00000000 00000000")),
                   attribute(IPVS_SVC_ATTR_PORT, hex("01bb")),
                   attribute(IPVS_SVC_ATTR_SCHED_NAME, hex("73 68 00")),
                   attribute(IPVS_SVC_ATTR_FLAGS, join(raw(uint32_t{9}), hex("ffffffff"))),
                   attribute(IPVS_SVC_ATTR_TIMEOUT, raw(uint32_t{300})),
                   attribute(IPVS_SVC_ATTR_NETMASK, hex("ff ff ff 00"))))));
  }

  TEST_CASE("IPv6, in full, with an engine") {
    Service service{};
    service.key.family = AF_INET6;
    service.key.protocol = 17;
    service.key.address = {0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x80};
    service.key.port = 5060;
    service.flags = ServiceFlags::kPersistent | ServiceFlags::kOnePacket;
    service.timeout = 60;
    service.netmask = 128;
    service.scheduler.assign("rr");
    service.engine.assign("sip");
    CHECK(to_hex(encoded(service, Fields::kFull)) ==
          to_hex(attribute(
              IPVS_CMD_ATTR_SERVICE | NLA_F_NESTED,
              join(attribute(IPVS_SVC_ATTR_AF, raw(uint16_t{10})),
                   attribute(IPVS_SVC_ATTR_PROTOCOL, raw(uint16_t{17})),
                   attribute(IPVS_SVC_ATTR_ADDR, hex("20010db8 00000000 00000000 00000080")),
                   attribute(IPVS_SVC_ATTR_PORT, hex("13c4")),
                   attribute(IPVS_SVC_ATTR_SCHED_NAME, hex("72 72 00")),
                   attribute(IPVS_SVC_ATTR_FLAGS, join(raw(uint32_t{5}), hex("ffffffff"))),
                   attribute(IPVS_SVC_ATTR_TIMEOUT, raw(uint32_t{60})),
                   attribute(IPVS_SVC_ATTR_NETMASK, raw(uint32_t{128})),
                   attribute(IPVS_SVC_ATTR_PE_NAME, hex("73 69 70 00"))))));
  }

  TEST_CASE("a firewall mark takes the place of protocol, address and port") {
    Service service{};
    service.key.family = AF_INET;
    service.key.fwmark = 0x4d;
    CHECK(to_hex(encoded(service, Fields::kKey)) ==
          to_hex(attribute(IPVS_CMD_ATTR_SERVICE | NLA_F_NESTED,
                           join(attribute(IPVS_SVC_ATTR_AF, raw(uint16_t{2})),
                                attribute(IPVS_SVC_ATTR_FWMARK, raw(uint32_t{0x4d}))))));
  }

  TEST_CASE("a key is the key alone") {
    CHECK(to_hex(encoded(web_service(), Fields::kKey)) ==
          to_hex(attribute(
              IPVS_CMD_ATTR_SERVICE | NLA_F_NESTED,
              join(attribute(IPVS_SVC_ATTR_AF, raw(uint16_t{2})),
                   attribute(IPVS_SVC_ATTR_PROTOCOL, raw(uint16_t{6})),
                   attribute(IPVS_SVC_ATTR_ADDR, hex("c0000201 00000000 00000000 00000000")),
                   attribute(IPVS_SVC_ATTR_PORT, hex("01bb"))))));
  }
}

TEST_SUITE("destinations are written as the kernel reads them:") {
  Destination tunnelled() {
    Destination destination{};
    destination.key.family = AF_INET;
    destination.key.address = {10, 0, 0, 2};
    destination.key.port = 8080;
    destination.forwarding = IP_VS_CONN_F_TUNNEL;
    destination.weight = 7;
    destination.upper_threshold = 1000;
    destination.lower_threshold = 500;
    destination.tunnel_type = 1;
    destination.tunnel_port = 6080;
    destination.tunnel_flags = 2;
    return destination;
  }
  const Buffer kSettings = join(attribute(IPVS_DEST_ATTR_WEIGHT, raw(uint32_t{7})),
                                attribute(IPVS_DEST_ATTR_U_THRESH, raw(uint32_t{1000})),
                                attribute(IPVS_DEST_ATTR_L_THRESH, raw(uint32_t{500})),
                                attribute(IPVS_DEST_ATTR_ADDR_FAMILY, raw(uint16_t{2})));
  const Buffer kKey =
      join(attribute(IPVS_DEST_ATTR_ADDR, hex("0a000002 00000000 00000000 00000000")),
           attribute(IPVS_DEST_ATTR_PORT, hex("1f90")));

  TEST_CASE("tunnelled, in full") {
    CHECK(to_hex(encoded(tunnelled(), Fields::kFull)) ==
          to_hex(attribute(IPVS_CMD_ATTR_DEST | NLA_F_NESTED,
                           join(kKey, attribute(IPVS_DEST_ATTR_FWD_METHOD, raw(uint32_t{2})),
                                kSettings, attribute(IPVS_DEST_ATTR_TUN_TYPE, hex("01")),
                                attribute(IPVS_DEST_ATTR_TUN_PORT, hex("17c0")),
                                attribute(IPVS_DEST_ATTR_TUN_FLAGS, raw(uint16_t{2}))))));
  }

  TEST_CASE("otherwise, without tunnel settings") {
    Destination destination = tunnelled();
    destination.forwarding = IP_VS_CONN_F_DROUTE;
    destination.tunnel_type = destination.tunnel_port = destination.tunnel_flags = 0;
    CHECK(to_hex(encoded(destination, Fields::kFull)) ==
          to_hex(attribute(
              IPVS_CMD_ATTR_DEST | NLA_F_NESTED,
              join(kKey, attribute(IPVS_DEST_ATTR_FWD_METHOD, raw(uint32_t{3})), kSettings))));
  }

  TEST_CASE("otherwise with tunnel settings, if there are any: another program has left them") {
    Destination destination = tunnelled();
    destination.forwarding = IP_VS_CONN_F_DROUTE;
    destination.tunnel_type = destination.tunnel_port = 0;
    CHECK(to_hex(encoded(destination, Fields::kFull)) ==
          to_hex(attribute(IPVS_CMD_ATTR_DEST | NLA_F_NESTED,
                           join(kKey, attribute(IPVS_DEST_ATTR_FWD_METHOD, raw(uint32_t{3})),
                                kSettings, attribute(IPVS_DEST_ATTR_TUN_TYPE, hex("00")),
                                attribute(IPVS_DEST_ATTR_TUN_PORT, hex("0000")),
                                attribute(IPVS_DEST_ATTR_TUN_FLAGS, raw(uint16_t{2}))))));
  }

  TEST_CASE("a key is the key alone, with its family") {
    CHECK(to_hex(encoded(tunnelled(), Fields::kKey)) ==
          to_hex(attribute(IPVS_CMD_ATTR_DEST | NLA_F_NESTED,
                           join(kKey, attribute(IPVS_DEST_ATTR_ADDR_FAMILY, raw(uint16_t{2}))))));
  }
}

TEST_SUITE("daemons are written as the kernel reads them:") {
  SyncDaemon master() {
    SyncDaemon daemon{};
    daemon.role = IP_VS_STATE_MASTER;
    daemon.interface.assign("eth0");
    daemon.sync_id = 7;
    return daemon;
  }
  const Buffer kLeast = join(attribute(IPVS_DAEMON_ATTR_STATE, raw(uint32_t{1})),
                             attribute(IPVS_DAEMON_ATTR_MCAST_IFN, hex("65 74 68 30 00")),
                             attribute(IPVS_DAEMON_ATTR_SYNC_ID, raw(uint32_t{7})));
  std::string daemon_nest(const Buffer& inside) {
    return to_hex(attribute(IPVS_CMD_ATTR_DAEMON | NLA_F_NESTED, inside));
  }

  TEST_CASE("with what must be said") {
    CHECK(to_hex(encoded(master(), Fields::kFull)) == daemon_nest(kLeast));
  }

  TEST_CASE("with all that can be said") {
    SyncDaemon daemon = master();
    daemon.max_length = 1400;
    daemon.port = 8849;
    daemon.ttl = 3;
    const Buffer length = attribute(IPVS_DAEMON_ATTR_SYNC_MAXLEN, raw(uint16_t{1400}));
    // A port in host byte order, for once.
    const Buffer tail = join(attribute(IPVS_DAEMON_ATTR_MCAST_PORT, raw(uint16_t{8849})),
                             attribute(IPVS_DAEMON_ATTR_MCAST_TTL, hex("03")));
    daemon.group_family = AF_INET;
    daemon.group = {224, 0, 0, 82};
    CHECK(to_hex(encoded(daemon, Fields::kFull)) ==
          daemon_nest(join(kLeast, length, attribute(IPVS_DAEMON_ATTR_MCAST_GROUP, hex("e0000052")),
                           tail)));
    daemon.group_family = AF_INET6;
    daemon.group = {0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x81};
    const Buffer group = hex("ff020000 00000000 00000000 00000081");
    CHECK(to_hex(encoded(daemon, Fields::kFull)) ==
          daemon_nest(join(kLeast, length, attribute(IPVS_DAEMON_ATTR_MCAST_GROUP6, group), tail)));
  }

  TEST_CASE("a key is the role alone") {
    SyncDaemon daemon = master();
    daemon.max_length = daemon.port = daemon.ttl = 9;
    daemon.group_family = AF_INET;
    CHECK(to_hex(encoded(daemon, Fields::kKey)) ==
          daemon_nest(attribute(IPVS_DAEMON_ATTR_STATE, raw(uint32_t{1}))));
  }
}

TEST_CASE("what any kernel may tell of a daemon is read") {
  Random random;
  for (int round = 0; round < 2000; ++round) {
    const auto reply = test::daemon_reply(random);
    const auto daemon = read_daemon({reply.payload.begin() + 4, reply.payload.end()});
    CAPTURE(to_hex(reply.payload));
    REQUIRE(daemon.has_value());
    REQUIRE(shown(*daemon) == shown(reply.expected));
    const auto again = read_daemon(encoded(*daemon, Fields::kFull));
    REQUIRE(again.has_value());
    REQUIRE(shown(*again) == shown(*daemon));
  }
  CHECK_FALSE(read_daemon({}).has_value());
  CHECK_FALSE(read_daemon(service_nest({})).has_value());
  const Buffer five = attribute(IPVS_DAEMON_ATTR_MCAST_GROUP, hex("e0000051 00"));
  CHECK_FALSE(read_daemon(attribute(IPVS_CMD_ATTR_DAEMON, five)).has_value());
}

TEST_CASE("timeouts that are 0 are left as they are, and are not sent") {
  Random random;
  for (int round = 0; round < 500; ++round) {
    Timeouts timeouts{};
    for (uint32_t* each : {&timeouts.tcp, &timeouts.tcp_fin, &timeouts.udp}) {
      if (random.chance(60)) *each = random.number<uint32_t>();
    }
    Buffer expected;
    const auto add = [&](uint16_t type, uint32_t value) {
      if (value != 0) expected = join(expected, attribute(type, raw(value)));
    };
    add(IPVS_CMD_ATTR_TIMEOUT_TCP, timeouts.tcp);
    add(IPVS_CMD_ATTR_TIMEOUT_TCP_FIN, timeouts.tcp_fin);
    add(IPVS_CMD_ATTR_TIMEOUT_UDP, timeouts.udp);
    CHECK(to_hex(encoded(timeouts)) == to_hex(expected));

    const auto read = read_timeouts(join(attribute(7, hex("0102")), expected, attribute(1, {})));
    REQUIRE(read.has_value());
    CHECK(shown(*read) == shown(timeouts));
  }
  CHECK_FALSE(read_timeouts(attribute(IPVS_CMD_ATTR_TIMEOUT_UDP, hex("0102"))).has_value());
}

TEST_CASE("what is written is read back the same") {
  Random random;
  for (int round = 0; round < 5000; ++round) {
    const Service service = test::random_service(random);
    const auto whole = read_service(encoded(service, Fields::kFull));
    REQUIRE(whole.has_value());
    REQUIRE(shown(whole->service) == shown(service));
    CHECK(shown(whole->stats) == shown(ipvs::Stats{}));

    const auto named = read_service(encoded(service, Fields::kKey));
    Service key{};
    key.key = service.key;
    REQUIRE(named.has_value());
    REQUIRE(shown(named->service) == shown(key));

    const Destination destination = test::random_destination(random);
    const auto target = read_destination(encoded(destination, Fields::kFull), 99);
    REQUIRE(target.has_value());
    DestinationEntry expected{};
    expected.destination = destination;
    REQUIRE(shown(*target) == shown(expected));
  }
}

TEST_CASE("what any kernel may tell of a service is read") {
  Random random;
  for (int round = 0; round < 5000; ++round) {
    const auto reply = test::service_reply(random);
    const auto entry = read_service({reply.payload.begin() + 4, reply.payload.end()});
    CAPTURE(to_hex(reply.payload));
    REQUIRE(entry.has_value());
    REQUIRE(shown(entry->service) == shown(reply.expected.service));
    REQUIRE(shown(entry->stats) == shown(reply.expected.stats));
    CHECK((entry->service.flags & ServiceFlags::kHashed) == 0);
  }
}

TEST_CASE("what any kernel may tell of a destination is read") {
  Random random;
  for (int round = 0; round < 5000; ++round) {
    const uint16_t family = random.chance(50) ? AF_INET : AF_INET6;
    const auto reply = test::destination_reply(random, family);
    const auto entry = read_destination({reply.payload.begin() + 4, reply.payload.end()}, family);
    CAPTURE(to_hex(reply.payload));
    REQUIRE(entry.has_value());
    REQUIRE(shown(*entry) == shown(reply.expected));
  }
}

TEST_CASE("64-bit statistics win, whichever come first") {
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
  CHECK(is_wide(read_service(service_nest(join(narrow, wide)))->stats));
  CHECK(is_wide(read_service(service_nest(join(wide, narrow)))->stats));
  CHECK(is_wide(read_destination(destination_nest(join(narrow, wide)))->stats));
  CHECK(is_wide(read_destination(destination_nest(join(wide, narrow)))->stats));

  const auto only = read_service(service_nest(narrow))->stats;
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

TEST_CASE("an IPv4 netmask is a mask, an IPv6 one a prefix length, wherever the family stands") {
  const Buffer mask = attribute(IPVS_SVC_ATTR_NETMASK, hex("ff ff fe 00"));
  const Buffer length = attribute(IPVS_SVC_ATTR_NETMASK, raw(uint32_t{64}));
  const Buffer v4 = attribute(IPVS_SVC_ATTR_AF, raw(uint16_t{AF_INET}));
  const Buffer v6 = attribute(IPVS_SVC_ATTR_AF, raw(uint16_t{AF_INET6}));
  CHECK(read_service(service_nest(join(v4, mask)))->service.netmask == 0xfffffe00);
  CHECK(read_service(service_nest(join(mask, v4)))->service.netmask == 0xfffffe00);
  CHECK(read_service(service_nest(join(v6, length)))->service.netmask == 64);
  CHECK(read_service(service_nest(join(length, v6)))->service.netmask == 64);
}

TEST_CASE("a destination without a family, or with none, has the service's") {
  const Buffer address = attribute(IPVS_DEST_ATTR_ADDR, hex("0a000002"));
  const Buffer none = attribute(IPVS_DEST_ATTR_ADDR_FAMILY, raw(uint16_t{0}));
  const Buffer v6 = attribute(IPVS_DEST_ATTR_ADDR_FAMILY, raw(uint16_t{AF_INET6}));
  const auto family = [](const Buffer& inside, uint16_t services) {
    return read_destination(destination_nest(inside), services)->destination.key.family;
  };
  CHECK(family(address, AF_INET) == AF_INET);
  CHECK(family(address, AF_INET6) == AF_INET6);
  CHECK(family(join(address, none), AF_INET6) == AF_INET6);
  CHECK(family(join(address, v6), AF_INET) == AF_INET6);
}

TEST_CASE("a name that is longer than its field is cut") {
  const std::string name(40, 'x');
  const Buffer payload = join(wire::text(name), Buffer(1));
  const auto entry = read_service(service_nest(join(attribute(IPVS_SVC_ATTR_SCHED_NAME, payload),
                                                    attribute(IPVS_SVC_ATTR_PE_NAME, payload))));
  REQUIRE(entry.has_value());
  CHECK(entry->service.scheduler.view() == std::string(15, 'x'));
  CHECK(entry->service.engine.view() == std::string(19, 'x'));
  CHECK(entry->service.scheduler.bytes.back() == '\0');
  CHECK(entry->service.engine.bytes.back() == '\0');
}

TEST_CASE("a name without NUL in its field is written with one") {
  Service service = web_service();
  service.scheduler.bytes.fill('x');
  service.engine.bytes.fill('y');
  const auto entry = read_service(encoded(service, Fields::kFull));
  REQUIRE(entry.has_value());
  CHECK(entry->service.scheduler.view() == std::string(15, 'x'));
  CHECK(entry->service.engine.view() == std::string(19, 'y'));
}

TEST_CASE("known attributes that are too short, and addresses that are too long, are damage") {
  for (uint16_t type = 1; type <= 15; ++type) {
    CAPTURE(type);
    // Nothing is as short as no byte at all, but a name and an address may be.
    const bool name = type == IPVS_SVC_ATTR_SCHED_NAME || type == IPVS_SVC_ATTR_PE_NAME;
    const bool stats = type == 10 || type == 12;
    const bool known = type <= 12;
    const bool service_reads = name || stats || !known || type == IPVS_SVC_ATTR_ADDR;
    CHECK(read_service(service_nest(attribute(type, {}))).has_value() == service_reads);
    const bool destination_reads = stats || type == IPVS_DEST_ATTR_ADDR;
    CHECK(read_destination(destination_nest(attribute(type, {}))).has_value() == destination_reads);
  }
  const Buffer seventeen(17);
  CHECK_FALSE(read_service(service_nest(attribute(IPVS_SVC_ATTR_ADDR, seventeen))).has_value());
  CHECK_FALSE(
      read_destination(destination_nest(attribute(IPVS_DEST_ATTR_ADDR, seventeen))).has_value());
  for (uint16_t type = 1; type <= 11; ++type) {
    CAPTURE(type);
    for (const uint16_t nest : {IPVS_SVC_ATTR_STATS, IPVS_SVC_ATTR_STATS64}) {
      const Buffer stats = attribute(nest, attribute(type, hex("01 02 03")));
      CHECK(read_service(service_nest(stats)).has_value() == (type == IPVS_STATS_ATTR_PAD));
    }
  }
}

TEST_CASE("a message without the object gives none") {
  CHECK_FALSE(read_service({}).has_value());
  CHECK_FALSE(read_service(destination_nest({})).has_value());
  CHECK_FALSE(read_destination({}).has_value());
  CHECK_FALSE(read_destination(service_nest({})).has_value());
  CHECK(read_service(service_nest({})).has_value());
  CHECK(read_destination(destination_nest({})).has_value());
}

TEST_CASE("the information is read, whatever stands beside it") {
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

TEST_CASE("names are cut to their field, and end in NUL") {
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
