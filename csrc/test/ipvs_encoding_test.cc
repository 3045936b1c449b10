// Encoding of the objects of IPVS, byte by byte.
#include "ipvs/codec.h"

#include <doctest/doctest.h>
#include <linux/ip_vs.h>
#include <linux/netlink.h>
#include <netinet/in.h>

#include <string>

#include "test/ipvs_codec.h"
#include "test/random.h"
#include "test/wire.h"

using ipvs::Destination;
using ipvs::Fields;
using ipvs::Service;
using ipvs::ServiceFlags;
using ipvs::SyncDaemon;
using ipvs::Timeouts;
using test::decode_timeouts;
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

TEST_CASE("an IPv4 service is encoded in full") {
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

TEST_CASE("an IPv6 service is encoded in full, with an engine") {
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

TEST_CASE("a firewall mark is encoded instead of protocol, address and port") {
  Service service{};
  service.key.family = AF_INET;
  service.key.fwmark = 0x4d;
  CHECK(to_hex(encoded(service, Fields::kKey)) ==
        to_hex(attribute(IPVS_CMD_ATTR_SERVICE | NLA_F_NESTED,
                         join(attribute(IPVS_SVC_ATTR_AF, raw(uint16_t{2})),
                              attribute(IPVS_SVC_ATTR_FWMARK, raw(uint32_t{0x4d}))))));
}

TEST_CASE("a key of a service is encoded as the key alone") {
  CHECK(to_hex(encoded(web_service(), Fields::kKey)) ==
        to_hex(attribute(
            IPVS_CMD_ATTR_SERVICE | NLA_F_NESTED,
            join(attribute(IPVS_SVC_ATTR_AF, raw(uint16_t{2})),
                 attribute(IPVS_SVC_ATTR_PROTOCOL, raw(uint16_t{6})),
                 attribute(IPVS_SVC_ATTR_ADDR, hex("c0000201 00000000 00000000 00000000")),
                 attribute(IPVS_SVC_ATTR_PORT, hex("01bb"))))));
}

namespace {

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

const Buffer kKey = join(attribute(IPVS_DEST_ATTR_ADDR, hex("0a000002 00000000 00000000 00000000")),
                         attribute(IPVS_DEST_ATTR_PORT, hex("1f90")));

}  // namespace

TEST_CASE("a destination forwarded by tunnel is encoded in full") {
  CHECK(to_hex(encoded(tunnelled(), Fields::kFull)) ==
        to_hex(attribute(IPVS_CMD_ATTR_DEST | NLA_F_NESTED,
                         join(kKey, attribute(IPVS_DEST_ATTR_FWD_METHOD, raw(uint32_t{2})),
                              kSettings, attribute(IPVS_DEST_ATTR_TUN_TYPE, hex("01")),
                              attribute(IPVS_DEST_ATTR_TUN_PORT, hex("17c0")),
                              attribute(IPVS_DEST_ATTR_TUN_FLAGS, raw(uint16_t{2}))))));
}

TEST_CASE("another destination is encoded without tunnel settings") {
  Destination destination = tunnelled();
  destination.forwarding = IP_VS_CONN_F_DROUTE;
  destination.tunnel_type = destination.tunnel_port = destination.tunnel_flags = 0;
  CHECK(to_hex(encoded(destination, Fields::kFull)) ==
        to_hex(attribute(
            IPVS_CMD_ATTR_DEST | NLA_F_NESTED,
            join(kKey, attribute(IPVS_DEST_ATTR_FWD_METHOD, raw(uint32_t{3})), kSettings))));
}

TEST_CASE("another destination is encoded with tunnel settings that another program has left") {
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

TEST_CASE("a key of a destination is encoded as the key and its family") {
  CHECK(to_hex(encoded(tunnelled(), Fields::kKey)) ==
        to_hex(attribute(IPVS_CMD_ATTR_DEST | NLA_F_NESTED,
                         join(kKey, attribute(IPVS_DEST_ATTR_ADDR_FAMILY, raw(uint16_t{2}))))));
}

namespace {

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

}  // namespace

TEST_CASE("a daemon is encoded with its mandatory settings") {
  CHECK(to_hex(encoded(master(), Fields::kFull)) == daemon_nest(kLeast));
}

TEST_CASE("a daemon is encoded with all settings") {
  SyncDaemon daemon = master();
  daemon.max_length = 1400;
  daemon.port = 8849;
  daemon.ttl = 3;
  const Buffer length = attribute(IPVS_DAEMON_ATTR_SYNC_MAXLEN, raw(uint16_t{1400}));
  // Unlike other ports, this one is in host byte order.
  const Buffer tail = join(attribute(IPVS_DAEMON_ATTR_MCAST_PORT, raw(uint16_t{8849})),
                           attribute(IPVS_DAEMON_ATTR_MCAST_TTL, hex("03")));
  daemon.group_family = AF_INET;
  daemon.group = {224, 0, 0, 82};
  CHECK(to_hex(encoded(daemon, Fields::kFull)) ==
        daemon_nest(
            join(kLeast, length, attribute(IPVS_DAEMON_ATTR_MCAST_GROUP, hex("e0000052")), tail)));
  daemon.group_family = AF_INET6;
  daemon.group = {0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x81};
  const Buffer group = hex("ff020000 00000000 00000000 00000081");
  CHECK(to_hex(encoded(daemon, Fields::kFull)) ==
        daemon_nest(join(kLeast, length, attribute(IPVS_DAEMON_ATTR_MCAST_GROUP6, group), tail)));
}

TEST_CASE("a key of a daemon is encoded as the role alone") {
  SyncDaemon daemon = master();
  daemon.max_length = daemon.port = daemon.ttl = 9;
  daemon.group_family = AF_INET;
  CHECK(to_hex(encoded(daemon, Fields::kKey)) ==
        daemon_nest(attribute(IPVS_DAEMON_ATTR_STATE, raw(uint32_t{1}))));
}

TEST_CASE("timeouts of 0, which mean no change, are not encoded") {
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

    const auto read = decode_timeouts(join(attribute(7, hex("0102")), expected, attribute(1, {})));
    REQUIRE(read.has_value());
    CHECK(shown(*read) == shown(timeouts));
  }
  CHECK_FALSE(decode_timeouts(attribute(IPVS_CMD_ATTR_TIMEOUT_UDP, hex("0102"))).has_value());
}
