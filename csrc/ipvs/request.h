// The records of requests and of their results.
#pragma once

#include <vector>

#include "ipvs/types.h"
#include "netlink/response.h"

namespace ipvs {

enum class Operation : uint32_t {
  kAddService,
  kUpdateService,
  kEnsureService,
  kSetService,
  kDeleteService,
  kGetService,
  kListServices,
  kAddDestination,
  kUpdateDestination,
  kEnsureDestination,
  kSetDestination,
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

/// The settings that an update names. The others keep their values.
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
  static constexpr uint32_t kTunnelReset = 1U << 13;  ///< to IPIP; no effect without a tunnel
};

struct Request {
  uint32_t operation;  ///< Operation; another number is refused
  uint32_t changes;    ///< of an update: the settings that it names (Changes)
  Service service;     ///< of kZero: family 0 for all services
  union {              // an operation has at most one of them; the largest is first
    SyncDaemon daemon;
    Destination destination;
    Timeouts timeouts;
    /// Of an update of a service: the scheduler that its scheduler flags belong to, or empty.
    Name<16> flags_owner;
  };
};

using netlink::Status;

/// Refused: the module of IPVS is not loaded any more.
inline constexpr Status kUnavailable = netlink::own_status(0);
/// Not sent: the scheduler flags belong to another scheduler than the service's.
inline constexpr Status kForeignFlags = netlink::own_status(1);
/// Not sent: tunnel settings for a destination whose forwarding is not by tunnel.
inline constexpr Status kTunnelless = netlink::own_status(2);
/// Not sent: the lower threshold would exceed the upper.
inline constexpr Status kThresholds = netlink::own_status(3);
/// Not sent: a request before it failed, and the caller asked to stop at the first failure.
inline constexpr Status kSkipped = netlink::own_status(4);

struct Result {
  int32_t error;     ///< errno, or 0
  uint32_t status;   ///< Status
  uint32_t text;     ///< 1 + the index of the kernel's words in Response::texts, or 0
  uint32_t created;  ///< of an ensure: 1 if the object was created
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

  /// Empties all lists, and keeps their memory.
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
