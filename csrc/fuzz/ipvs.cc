// The decoders of IPVS, on any datagram. Objects are as types.h promises, do not depend on unknown
// attributes, and encode to bytes that decode to the same object.
#include <linux/ip_vs.h>
#include <netinet/in.h>

#include <algorithm>
#include <optional>
#include <span>
#include <vector>

#include "fuzz/fuzz.h"
#include "ipvs/codec.h"
#include "netlink/generic.h"

using fuzz::expect;
using netlink::Attributes;
using netlink::Bytes;
using netlink::MessageBatch;

namespace {

constexpr uint16_t kFamily = AF_INET;  // of a destination without one
constexpr size_t kHeaders = sizeof(nlmsghdr) + netlink::kGenericHeader;

bool same(const ipvs::ServiceEntry& a, const ipvs::ServiceEntry& b) {
  return same(a.stats, b.stats) && same(a.service, b.service);
}

template <size_t Size>
void check_name(const ipvs::Name<Size>& name) {
  ipvs::Name<Size> again{};
  again.assign(name.view());
  expect(same(again, name), "a name is padded with NULs");
}

// Returns the attributes that `put` appends, valid until the next call.
template <typename Put>
Attributes encoded(Put put) {
  static MessageBatch batch;  // reused, because allocating it would take most of the time
  batch.clear();
  batch.begin(1, 0, genlmsghdr{}, netlink::ReplyKind::kErrorOnly);
  put(batch);
  batch.end();
  return Attributes(batch.bytes().subspan(kHeaders));
}

void check_service(const ipvs::ServiceEntry& entry) {
  ipvs::Service service = entry.service;
  expect((service.flags & ipvs::ServiceFlags::kHashed) == 0, "the kernel keeps its HASHED bit");
  check_name(service.scheduler);
  check_name(service.engine);
  // A firewall mark is encoded instead of the rest.
  if (service.key.fwmark != 0) {
    const uint16_t family = service.key.family;
    service.key = {.address = {}, .fwmark = service.key.fwmark, .family = family};
  }
  const auto again = ipvs::read_service(
      encoded([&](MessageBatch& to) { ipvs::put_service(to, service, ipvs::Fields::kFull); }));
  expect(again && same(again->service, service), "a service decodes as it was encoded");
  const auto named = ipvs::read_service(
      encoded([&](MessageBatch& to) { ipvs::put_service(to, service, ipvs::Fields::kKey); }));
  expect(named && same(named->service.key, service.key),
         "the key of a service decodes as it was encoded");
}

void check_destination(const ipvs::DestinationEntry& entry) {
  ipvs::Destination destination = entry.destination;
  expect(destination.key.family != 0, "a destination has a family");
  if (destination.forwarding != IP_VS_CONN_F_TUNNEL) {
    destination.tunnel_type = destination.tunnel_port = destination.tunnel_flags = 0;
  }
  const auto again =
      ipvs::read_destination(encoded([&](MessageBatch& to) {
                               ipvs::put_destination(to, destination, ipvs::Fields::kFull);
                             }),
                             0);
  expect(again && same(again->destination, destination), "a destination decodes as encoded");
}

void check_daemon(const ipvs::SyncDaemon& daemon) {
  ipvs::SyncDaemon expected = daemon;
  check_name(daemon.interface);
  // No kernel sends groups of both families, or an address that is not multicast.
  if (daemon.group_family == 0) expected.group = {};
  if (daemon.group_family == AF_INET) std::fill_n(&expected.group[4], 12, uint8_t{0});
  const auto again = ipvs::read_daemon(
      encoded([&](MessageBatch& to) { ipvs::put_daemon(to, daemon, ipvs::Fields::kFull); }));
  expect(again && same(*again, expected), "a daemon decodes as it was encoded");
}

void check_timeouts(const ipvs::Timeouts& timeouts) {
  const auto again =
      ipvs::read_timeouts(encoded([&](MessageBatch& to) { ipvs::put_timeouts(to, timeouts); }));
  expect(again && same(*again, timeouts), "timeouts decode as they were encoded");
}

// Checks that an unknown attribute before an object changes nothing, and that an incomplete one
// after it leaves no object.
template <typename Object, typename Read>
void check_surroundings(Bytes bytes, const Object& object, Read read) {
  static std::vector<std::byte> longer;
  constexpr nlattr kUnknown{.nla_len = sizeof(nlattr), .nla_type = NLA_TYPE_MASK & 0xffff};
  const auto prefix = std::as_bytes(std::span(&kUnknown, 1));
  longer.assign(prefix.begin(), prefix.end());
  longer.insert(longer.end(), bytes.begin(), bytes.end());
  const std::optional<Object> again = read(Attributes(longer));
  expect(again && same(*again, object), "unknown attributes change nothing");
  if (bytes.size() % 4 != 0) return;  // appended bytes would be padding
  longer.resize(longer.size() + 3);
  expect(!read(Attributes(longer)), "a malformed message decodes to no object");
}

template <typename Read, typename Check>
void check_object(const netlink::Messages& message, Read read, Check check) {
  const auto object = read(message.attributes(netlink::kGenericHeader));
  if (!object) return;
  check(*object);
  check_surroundings(message.payload().subspan(netlink::kGenericHeader), *object, read);
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto read_destination = [](Attributes attributes) {
    return ipvs::read_destination(attributes, kFamily);
  };
  const auto nothing = [](const ipvs::Info&) {};
  netlink::Messages messages(fuzz::bytes_of(data, size));
  while (messages.next()) {
    check_object(messages, ipvs::read_service, check_service);
    check_object(messages, read_destination, check_destination);
    check_object(messages, ipvs::read_daemon, check_daemon);
    check_object(messages, ipvs::read_timeouts, check_timeouts);
    check_object(messages, ipvs::read_info, nothing);
  }
  return 0;
}
