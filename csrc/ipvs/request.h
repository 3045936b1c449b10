// What a client is asked and what it answers: plain records, a batch of the one for a batch of the
// other.
#pragma once

#include <vector>

#include "ipvs/types.h"
#include "netlink/response.h"

namespace ipvs {

enum class Operation : uint32_t {
  kAddService,
  kUpdateService,
  kEnsureService,
  kDeleteService,
  kGetService,
  kListServices,
  kAddDestination,
  kUpdateDestination,
  kEnsureDestination,
  kDeleteDestination,
  kGetDestination,
  kListDestinations,
  kFlush,
  kGetInfo,
  kGetTimeouts,
  kSetTimeouts,
  kZero,
  kListSyncDaemons,
  kStartSyncDaemon,
  kStopSyncDaemon,
  kCount,
};

/// Which settings an update names; the others keep their values.
struct Changes {
  static constexpr uint32_t kScheduler = 1U << 0;
  static constexpr uint32_t kSchedulerFlags = 1U << 1;
  static constexpr uint32_t kOnePacket = 1U << 2;
  static constexpr uint32_t kPersistence = 1U << 3;  ///< on or off, by the flag
  static constexpr uint32_t kTimeout = 1U << 4;
  static constexpr uint32_t kNetmask = 1U << 5;
  static constexpr uint32_t kEngine = 1U << 6;

  static constexpr uint32_t kForwarding = 1U << 8;
  static constexpr uint32_t kWeight = 1U << 9;
  static constexpr uint32_t kUpperThreshold = 1U << 10;
  static constexpr uint32_t kLowerThreshold = 1U << 11;
  static constexpr uint32_t kTunnel = 1U << 12;
  static constexpr uint32_t kTunnelReset = 1U << 13;  ///< to IPIP; nothing where there is no tunnel
};

struct Request {
  uint32_t operation;  ///< Operation; a number beyond it is refused
  uint32_t changes;    ///< of an update: the settings it names (Changes)
  Name<16>
      flags_owner;  ///< of an update: the scheduler that its scheduler flags belong to, or empty
  Service service;  ///< of a zero: none where its family is 0, and then everything
  union {           // no operation takes more than one of them
    Destination destination;
    Timeouts timeouts;
    SyncDaemon daemon;
  };
};

using netlink::Status;

/// IPVS has gone from the kernel.
inline constexpr Status kUnavailable = netlink::own_status(0);
/// Not sent: scheduler flags of another scheduler than the service has.
inline constexpr Status kForeignFlags = netlink::own_status(1);
/// Not sent: tunnel settings for a destination that is not forwarded by tunnel.
inline constexpr Status kTunnelless = netlink::own_status(2);
/// Not sent: the lower threshold would exceed the upper.
inline constexpr Status kThresholds = netlink::own_status(3);
/// Not sent: a request before it failed, and the caller wanted to stop there.
inline constexpr Status kSkipped = netlink::own_status(4);

struct Result {
  int32_t error;     ///< errno, or 0
  uint32_t status;   ///< Status
  uint32_t text;     ///< 1 + the place of the kernel's words in Results::texts, or 0
  uint32_t created;  ///< of ensure: 1 if the object was not there before
  uint32_t first_service;
  uint32_t services;
  uint32_t first_destination;
  uint32_t destinations;
  uint32_t first_daemon;
  uint32_t daemons;
  Timeouts timeouts;
  Info info;
};

struct Response : netlink::Response<Result> {
  std::vector<ServiceEntry> services;
  std::vector<DestinationEntry> destinations;
  std::vector<SyncDaemon> daemons;

  /// Empties all lists, and keeps their room.
  void clear() {
    results.clear();
    texts.clear();
    services.clear();
    destinations.clear();
    daemons.clear();
  }
};

static_assert(std::is_trivially_copyable_v<Request> && std::is_standard_layout_v<Request>);

}  // namespace ipvs
