// The attributes of the IPVS family, as tables: the wire format. A new attribute of the kernel is
// one more row here. For codec.cc only.
#pragma once

#include <linux/ip_vs.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>

#include "ipvs/types.h"

namespace ipvs {

/// The encoding of an attribute's payload, and of the field that holds it.
enum class Kind : uint8_t {
  kU8,        ///< u8 on the wire, uint16_t in the struct
  kU16,       ///< host byte order
  kU32,       ///< host byte order
  kPort,      ///< u16, network byte order
  kAddress,   ///< 16 bytes
  kAddress4,  ///< 4 bytes
  kName,      ///< NUL-terminated
  kFlags,     ///< struct ip_vs_flags: the bits, and a mask of which to change
  kNetmask,   ///< IPv4: a mask in network byte order; IPv6: a prefix length in host byte order
  kStats,     ///< nest with 32-bit numbers, but for the byte counts
  kStats64,   ///< nest with 64-bit numbers
};

/// When a request has the attribute. Replies are read without a condition.
enum class Condition : uint8_t {
  kKey,     ///< always
  kMark,    ///< if a firewall mark names the service
  kNoMark,  ///< if none does
  kNever,   ///< only the kernel sends it
  // In a full object:
  kSetting,    ///< always
  kEngine,     ///< if there is an engine: an empty name would make the kernel load a module
  kTunnel,     ///< if forwarding is by tunnel, or the object has tunnel settings
  kLength,     ///< if the length is given
  kGroupPort,  ///< if the port is given
  kTtl,        ///< if the TTL is given
  kGroup4,     ///< if the group is IPv4
  kGroup6,     ///< if the group is IPv6
};

struct Row {
  uint16_t attribute;
  Kind kind;
  Condition condition;
  uint16_t offset;    // within ServiceEntry or DestinationEntry
  uint16_t size = 0;  // of a name
};

// The rows of each table are in the order of the attribute numbers, from 1.
#define AT(field) static_cast<uint16_t>(offsetof(ServiceEntry, field))
inline constexpr Row kService[] = {
    {IPVS_SVC_ATTR_AF, Kind::kU16, Condition::kKey, AT(service.key.family)},
    {IPVS_SVC_ATTR_PROTOCOL, Kind::kU16, Condition::kNoMark, AT(service.key.protocol)},
    {IPVS_SVC_ATTR_ADDR, Kind::kAddress, Condition::kNoMark, AT(service.key.address)},
    {IPVS_SVC_ATTR_PORT, Kind::kPort, Condition::kNoMark, AT(service.key.port)},
    {IPVS_SVC_ATTR_FWMARK, Kind::kU32, Condition::kMark, AT(service.key.fwmark)},
    {IPVS_SVC_ATTR_SCHED_NAME, Kind::kName, Condition::kSetting, AT(service.scheduler), 16},
    {IPVS_SVC_ATTR_FLAGS, Kind::kFlags, Condition::kSetting, AT(service.flags)},
    {IPVS_SVC_ATTR_TIMEOUT, Kind::kU32, Condition::kSetting, AT(service.timeout)},
    {IPVS_SVC_ATTR_NETMASK, Kind::kNetmask, Condition::kSetting, AT(service.netmask)},
    {IPVS_SVC_ATTR_STATS, Kind::kStats, Condition::kNever, AT(stats)},
    {IPVS_SVC_ATTR_PE_NAME, Kind::kName, Condition::kEngine, AT(service.engine), 20},
    {IPVS_SVC_ATTR_STATS64, Kind::kStats64, Condition::kNever, AT(stats)},
};
#undef AT
#define AT(field) static_cast<uint16_t>(offsetof(DestinationEntry, field))
inline constexpr Row kDestination[] = {
    {IPVS_DEST_ATTR_ADDR, Kind::kAddress, Condition::kKey, AT(destination.key.address)},
    {IPVS_DEST_ATTR_PORT, Kind::kPort, Condition::kKey, AT(destination.key.port)},
    {IPVS_DEST_ATTR_FWD_METHOD, Kind::kU32, Condition::kSetting, AT(destination.forwarding)},
    {IPVS_DEST_ATTR_WEIGHT, Kind::kU32, Condition::kSetting, AT(destination.weight)},
    {IPVS_DEST_ATTR_U_THRESH, Kind::kU32, Condition::kSetting, AT(destination.upper_threshold)},
    {IPVS_DEST_ATTR_L_THRESH, Kind::kU32, Condition::kSetting, AT(destination.lower_threshold)},
    {IPVS_DEST_ATTR_ACTIVE_CONNS, Kind::kU32, Condition::kNever, AT(active_connections)},
    {IPVS_DEST_ATTR_INACT_CONNS, Kind::kU32, Condition::kNever, AT(inactive_connections)},
    {IPVS_DEST_ATTR_PERSIST_CONNS, Kind::kU32, Condition::kNever, AT(persistent_connections)},
    {IPVS_DEST_ATTR_STATS, Kind::kStats, Condition::kNever, AT(stats)},
    // Always: without it the kernel reads an IPv6 address behind an IPv4 service as four bytes of
    //   IPv4.
    {IPVS_DEST_ATTR_ADDR_FAMILY, Kind::kU16, Condition::kKey, AT(destination.key.family)},
    {IPVS_DEST_ATTR_STATS64, Kind::kStats64, Condition::kNever, AT(stats)},
    {IPVS_DEST_ATTR_TUN_TYPE, Kind::kU8, Condition::kTunnel, AT(destination.tunnel_type)},
    {IPVS_DEST_ATTR_TUN_PORT, Kind::kPort, Condition::kTunnel, AT(destination.tunnel_port)},
    {IPVS_DEST_ATTR_TUN_FLAGS, Kind::kU16, Condition::kTunnel, AT(destination.tunnel_flags)},
};
#undef AT

#define AT(field) static_cast<uint16_t>(offsetof(SyncDaemon, field))
inline constexpr Row kDaemon[] = {
    {IPVS_DAEMON_ATTR_STATE, Kind::kU32, Condition::kKey, AT(role)},
    {IPVS_DAEMON_ATTR_MCAST_IFN, Kind::kName, Condition::kSetting, AT(interface), 16},
    {IPVS_DAEMON_ATTR_SYNC_ID, Kind::kU32, Condition::kSetting, AT(sync_id)},
    {IPVS_DAEMON_ATTR_SYNC_MAXLEN, Kind::kU16, Condition::kLength, AT(max_length)},
    {IPVS_DAEMON_ATTR_MCAST_GROUP, Kind::kAddress4, Condition::kGroup4, AT(group)},
    {IPVS_DAEMON_ATTR_MCAST_GROUP6, Kind::kAddress, Condition::kGroup6, AT(group)},
    // Unlike all other ports in host byte order.
    {IPVS_DAEMON_ATTR_MCAST_PORT, Kind::kU16, Condition::kGroupPort, AT(port)},
    {IPVS_DAEMON_ATTR_MCAST_TTL, Kind::kU8, Condition::kTtl, AT(ttl)},
};
#undef AT

struct TimeoutRow {
  uint16_t attribute;
  uint32_t Timeouts::*field;
};
inline constexpr TimeoutRow kTimeouts[] = {
    {IPVS_CMD_ATTR_TIMEOUT_TCP, &Timeouts::tcp},
    {IPVS_CMD_ATTR_TIMEOUT_TCP_FIN, &Timeouts::tcp_fin},
    {IPVS_CMD_ATTR_TIMEOUT_UDP, &Timeouts::udp},
};

struct StatsRow {
  uint16_t attribute;
  uint64_t Stats::*field;
  bool always_u64;  // also among the 32-bit statistics
};
inline constexpr StatsRow kStats[] = {
    {IPVS_STATS_ATTR_CONNS, &Stats::connections, false},
    {IPVS_STATS_ATTR_INPKTS, &Stats::in_packets, false},
    {IPVS_STATS_ATTR_OUTPKTS, &Stats::out_packets, false},
    {IPVS_STATS_ATTR_INBYTES, &Stats::in_bytes, true},
    {IPVS_STATS_ATTR_OUTBYTES, &Stats::out_bytes, true},
    {IPVS_STATS_ATTR_CPS, &Stats::connection_rate, false},
    {IPVS_STATS_ATTR_INPPS, &Stats::in_packet_rate, false},
    {IPVS_STATS_ATTR_OUTPPS, &Stats::out_packet_rate, false},
    {IPVS_STATS_ATTR_INBPS, &Stats::in_byte_rate, false},
    {IPVS_STATS_ATTR_OUTBPS, &Stats::out_byte_rate, false},
};

template <typename Rows>
constexpr bool numbered_from_one(const Rows& rows) {
  uint16_t expected = 1;
  return std::all_of(std::begin(rows), std::end(rows),
                     [&](const auto& row) { return row.attribute == expected++; });
}
static_assert(numbered_from_one(kService) && numbered_from_one(kDestination) &&
              numbered_from_one(kDaemon) && numbered_from_one(kStats));

/// Returns the row of an attribute, or null for an unknown attribute or padding.
template <typename Table, size_t Size>
const Table* row_of(const Table (&table)[Size], uint16_t attribute) {
  return attribute >= 1 && attribute <= Size ? &table[attribute - 1] : nullptr;
}

}  // namespace ipvs
