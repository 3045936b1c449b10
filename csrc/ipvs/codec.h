// Structs of IPVS <-> netlink attributes. Pure. The tables in codec.cc are the wire format: a new
// attribute of the kernel is one more row there.
//
// Reading is as tolerant as the kernel's compatibility needs: unknown attributes are skipped,
// missing ones stay zero, known ones that are too short are damage. 64-bit statistics win over
// 32-bit ones, wherever they stand.
#pragma once

#include <optional>

#include "ipvs/types.h"
#include "netlink/message.h"

namespace ipvs {

/// How much of an object a request carries.
enum class Fields : uint8_t {
  kKey,   ///< what names it
  kFull,  ///< all that the NEW and SET commands demand
};

/// Appends IPVS_CMD_ATTR_SERVICE.
void put_service(netlink::MessageBatch& batch, const Service& service, Fields part);
/// Appends IPVS_CMD_ATTR_DEST.
void put_destination(netlink::MessageBatch& batch, const Destination& destination, Fields part);

/// Appends IPVS_CMD_ATTR_DAEMON.
void put_daemon(netlink::MessageBatch& batch, const SyncDaemon& daemon, Fields part);
/// Appends those IPVS_CMD_ATTR_TIMEOUT_* that are not 0.
void put_timeouts(netlink::MessageBatch& batch, const Timeouts& timeouts);

/// Reads the attributes of a message; nothing if they are damaged or hold no such object.
std::optional<ServiceEntry> read_service(netlink::Attributes attributes);
/// `family` is the service's, which holds where a kernel before 3.18 leaves the destination's out.
std::optional<DestinationEntry> read_destination(netlink::Attributes attributes, uint16_t family);
std::optional<SyncDaemon> read_daemon(netlink::Attributes attributes);
std::optional<Timeouts> read_timeouts(netlink::Attributes attributes);
std::optional<Info> read_info(netlink::Attributes attributes);

}  // namespace ipvs
