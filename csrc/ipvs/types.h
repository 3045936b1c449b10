// The objects of IPVS, as plain structs of fixed size. They are also records, which JavaScript
// reads and writes as they lie in memory: binding/layout_ipvs.cc lists the offsets of the fields.
//
// Byte order: all numbers are in host byte order.
#pragma once

#include <cstdint>
#include <type_traits>

#include "netlink/record.h"

namespace ipvs {

using netlink::Address;
using netlink::ByteOrder;
using netlink::Name;
using netlink::same;

/// The flags of a service (IP_VS_SVC_F_* of ip_vs.h), without the kernel's internal HASHED bit.
struct ServiceFlags {
  static constexpr uint32_t kPersistent = 0x01;
  static constexpr uint32_t kHashed = 0x02;
  static constexpr uint32_t kOnePacket = 0x04;
  /// The flags of the scheduler, including bits that have no meaning yet.
  static constexpr uint32_t kScheduler = ~(kPersistent | kHashed | kOnePacket);
};

/// The key of a service: a firewall mark and family, or protocol, address and port.
struct ServiceKey {
  Address address;
  uint32_t fwmark;  ///< 0 for a service of protocol, address and port
  uint16_t family;  ///< AF_INET or AF_INET6
  uint16_t protocol;
  uint16_t port;
  uint16_t unused;  // no padding: keys are compared as bytes
};

struct Service {
  ServiceKey key;
  uint32_t flags;
  uint32_t timeout;  ///< of persistence, seconds
  /// Of persistence: an IPv4 mask (255.255.255.0 is 0xffffff00), or an IPv6 prefix length.
  uint32_t netmask;
  Name<16> scheduler;
  Name<20> engine;  ///< persistence engine, at most 16 characters; empty: none
};

/// The key of a destination within its service.
struct DestinationKey {
  Address address;
  uint16_t family;
  uint16_t port;
};

struct Destination {
  DestinationKey key;
  uint32_t forwarding;  ///< IP_VS_CONN_F_MASQ ...
  uint32_t weight;
  uint32_t upper_threshold;
  uint32_t lower_threshold;
  uint16_t tunnel_type;
  uint16_t tunnel_port;
  uint16_t tunnel_flags;
  uint16_t unused;
};

/// IPVS_STATS_ATTR_*: counters since creation or the last zero, and rates per second.
struct Stats {
  uint64_t connections;
  uint64_t in_packets;
  uint64_t out_packets;
  uint64_t in_bytes;
  uint64_t out_bytes;
  uint64_t connection_rate;
  uint64_t in_packet_rate;
  uint64_t out_packet_rate;
  uint64_t in_byte_rate;
  uint64_t out_byte_rate;
};

/// A service as the kernel reports it.
struct ServiceEntry {
  Stats stats;
  Service service;
};

/// A destination as the kernel reports it.
struct DestinationEntry {
  Stats stats;
  Destination destination;
  uint32_t active_connections;
  uint32_t inactive_connections;
  uint32_t persistent_connections;
};

/// Timeouts of connections, seconds (IPVS_CMD_ATTR_TIMEOUT_*). In a request, 0 leaves a timeout
/// unchanged.
struct Timeouts {
  uint32_t tcp;
  uint32_t tcp_fin;
  uint32_t udp;
};

/// A daemon that synchronizes the connection table of a backup (IPVS_DAEMON_ATTR_*). In a request,
/// zeros and an empty group leave the choice to the kernel.
struct SyncDaemon {
  Address group;          ///< multicast
  uint32_t role;          ///< IP_VS_STATE_MASTER or IP_VS_STATE_BACKUP
  uint32_t sync_id;       ///< 0 to 255
  uint16_t group_family;  ///< 0: no group
  uint16_t port;
  uint16_t max_length;  ///< bytes of a sync message
  uint16_t ttl;
  Name<16> interface;
};

/// IPVS_INFO_ATTR_*.
struct Info {
  uint32_t version;                ///< 0x010201 is 1.2.1
  uint32_t connection_table_size;  ///< buckets; on 7.x 0 until the namespace has its first service
};

static_assert(std::has_unique_object_representations_v<ServiceKey>);
static_assert(std::has_unique_object_representations_v<DestinationKey>);
static_assert(std::is_trivially_copyable_v<ServiceEntry> &&
              std::is_standard_layout_v<ServiceEntry>);
static_assert(std::is_trivially_copyable_v<DestinationEntry> &&
              std::is_standard_layout_v<DestinationEntry>);

}  // namespace ipvs
