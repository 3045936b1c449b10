// The commands of the IPVS family.
#pragma once

#include <linux/ip_vs.h>

#include <cstdint>
#include <optional>

#include "ipvs/codec.h"
#include "netlink/message.h"

namespace ipvs {

/// A command of the IPVS family, and which fields of which objects its message carries.
struct CommandFormat {
  uint8_t id;
  std::optional<Fields> service = {};
  std::optional<Fields> destination = {};
  std::optional<Fields> daemon = {};
  bool timeouts = false;
  netlink::ReplyKind reply_kind = netlink::ReplyKind::kErrorOnly;
};

inline constexpr CommandFormat kNewService{.id = IPVS_CMD_NEW_SERVICE, .service = Fields::kFull};
inline constexpr CommandFormat kSetService{.id = IPVS_CMD_SET_SERVICE, .service = Fields::kFull};
inline constexpr CommandFormat kDeleteService{.id = IPVS_CMD_DEL_SERVICE, .service = Fields::kKey};
inline constexpr CommandFormat kGetService{
    .id = IPVS_CMD_GET_SERVICE, .service = Fields::kKey, .reply_kind = netlink::ReplyKind::kData};
inline constexpr CommandFormat kNewDestination{
    .id = IPVS_CMD_NEW_DEST, .service = Fields::kKey, .destination = Fields::kFull};
inline constexpr CommandFormat kSetDestination{
    .id = IPVS_CMD_SET_DEST, .service = Fields::kKey, .destination = Fields::kFull};
inline constexpr CommandFormat kDeleteDestination{
    .id = IPVS_CMD_DEL_DEST, .service = Fields::kKey, .destination = Fields::kKey};
inline constexpr CommandFormat kFlush{.id = IPVS_CMD_FLUSH};
inline constexpr CommandFormat kZero{.id = IPVS_CMD_ZERO, .service = Fields::kKey};
inline constexpr CommandFormat kGetInfo{.id = IPVS_CMD_GET_INFO,
                                        .reply_kind = netlink::ReplyKind::kData};
inline constexpr CommandFormat kGetTimeouts{.id = IPVS_CMD_GET_CONFIG,
                                            .reply_kind = netlink::ReplyKind::kData};
inline constexpr CommandFormat kSetTimeouts{.id = IPVS_CMD_SET_CONFIG, .timeouts = true};
inline constexpr CommandFormat kStartDaemon{.id = IPVS_CMD_NEW_DAEMON, .daemon = Fields::kFull};
inline constexpr CommandFormat kStopDaemon{.id = IPVS_CMD_DEL_DAEMON, .daemon = Fields::kKey};

/// A command on objects, which must outlive the exchange. A service whose family is 0 is left out.
struct Command {
  const CommandFormat* format;
  const Service* service = nullptr;
  const Destination* destination = nullptr;
  const SyncDaemon* daemon = nullptr;
  const Timeouts* timeouts = nullptr;
};

}  // namespace ipvs
