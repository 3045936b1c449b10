// Encodes the objects of IPVS as netlink attributes, and decodes them. Pure functions. The wire
// format is in attribute_tables.h.
//
// Compatibility: unknown attributes are skipped, missing ones stay zero, known ones that are too
//   short are malformed. 64-bit statistics replace 32-bit ones, in whichever order they come.
#pragma once

#include <optional>

#include "ipvs/types.h"
#include "netlink/message.h"

namespace ipvs {

/// The fields of an object that a message has.
enum class Fields : uint8_t {
  kKey,   ///< the key
  kFull,  ///< all that the NEW and SET commands demand
};

/// What becomes of an object's statistics, which are most of its attributes.
enum class Statistics : uint8_t { kRead, kSkip };

/// Appends IPVS_CMD_ATTR_SERVICE.
void put_service(netlink::MessageBatch& batch, const Service& service, Fields fields);
/// Appends IPVS_CMD_ATTR_DEST.
void put_destination(netlink::MessageBatch& batch, const Destination& destination, Fields fields);

/// Appends IPVS_CMD_ATTR_DAEMON.
void put_daemon(netlink::MessageBatch& batch, const SyncDaemon& daemon, Fields fields);
/// Appends those IPVS_CMD_ATTR_TIMEOUT_* that are not 0.
void put_timeouts(netlink::MessageBatch& batch, const Timeouts& timeouts);

/// Reads the attributes of a message. Returns nothing if they are malformed or have no such object.
std::optional<ServiceEntry> read_service(netlink::Attributes attributes);
/// @param family the service's: kernels before 3.18 leave the destination's out
std::optional<DestinationEntry> read_destination(netlink::Attributes attributes, uint16_t family,
                                                 Statistics statistics = Statistics::kRead);
std::optional<SyncDaemon> read_daemon(netlink::Attributes attributes);
std::optional<Timeouts> read_timeouts(netlink::Attributes attributes);
std::optional<Info> read_info(netlink::Attributes attributes);

}  // namespace ipvs
