// Encoding and decoding of single objects of IPVS.
#pragma once

#include <linux/genetlink.h>
#include <netinet/in.h>

#include <optional>

#include "ipvs/codec.h"
#include "netlink/message.h"
#include "test/wire.h"

namespace test {

/// Returns the attributes that `put` appends to a message.
template <typename Put>
wire::Buffer attributes_of(Put put) {
  netlink::MessageBatch batch;
  batch.begin(30, 0, genlmsghdr{}, netlink::ReplyKind::kErrorOnly);
  put(batch);
  batch.end();
  const auto bytes = batch.bytes().subspan(sizeof(nlmsghdr) + sizeof(genlmsghdr));
  return {bytes.begin(), bytes.end()};
}

inline wire::Buffer encoded(const ipvs::Service& service, ipvs::Fields part) {
  return attributes_of(
      [&](netlink::MessageBatch& batch) { ipvs::put_service(batch, service, part); });
}
inline wire::Buffer encoded(const ipvs::Destination& destination, ipvs::Fields part) {
  return attributes_of(
      [&](netlink::MessageBatch& batch) { ipvs::put_destination(batch, destination, part); });
}
inline wire::Buffer encoded(const ipvs::SyncDaemon& daemon, ipvs::Fields part) {
  return attributes_of(
      [&](netlink::MessageBatch& batch) { ipvs::put_daemon(batch, daemon, part); });
}
inline wire::Buffer encoded(const ipvs::Timeouts& timeouts) {
  return attributes_of([&](netlink::MessageBatch& batch) { ipvs::put_timeouts(batch, timeouts); });
}

inline std::optional<ipvs::ServiceEntry> decode_service(const wire::Buffer& bytes) {
  const wire::Exact exact(bytes);
  return ipvs::read_service(netlink::Attributes(exact));
}
inline std::optional<ipvs::DestinationEntry> decode_destination(
    const wire::Buffer& bytes, uint16_t family = AF_INET,
    ipvs::Statistics statistics = ipvs::Statistics::kRead) {
  const wire::Exact exact(bytes);
  return ipvs::read_destination(netlink::Attributes(exact), family, statistics);
}
inline std::optional<ipvs::SyncDaemon> decode_daemon(const wire::Buffer& bytes) {
  const wire::Exact exact(bytes);
  return ipvs::read_daemon(netlink::Attributes(exact));
}
inline std::optional<ipvs::Timeouts> decode_timeouts(const wire::Buffer& bytes) {
  const wire::Exact exact(bytes);
  return ipvs::read_timeouts(netlink::Attributes(exact));
}

/// Returns a service of which each setting differs from zero.
inline ipvs::Service web_service() {
  ipvs::Service service{};
  service.key.family = AF_INET;
  service.key.protocol = 6;
  service.key.address = {192, 0, 2, 1};
  service.key.port = 443;
  service.flags = ipvs::ServiceFlags::kPersistent | 0x08;
  service.timeout = 300;
  service.netmask = 0xffffff00;
  service.scheduler.assign("sh");
  return service;
}

}  // namespace test
