#include "ipvs/codec.h"

#include <arpa/inet.h>
#include <linux/ip_vs.h>
#include <netinet/in.h>

#include <algorithm>

namespace ipvs {
namespace {

using netlink::Attributes;
using netlink::MessageBatch;

/// How an attribute's payload relates to the field that holds it.
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

/// When a request carries the attribute. Replies are read whatever the use.
enum class Use : uint8_t {
  kKey,        ///< always
  kMark,       ///< always, where a firewall mark names the service
  kNoMark,     ///< always, where none does
  kSetting,    ///< where the object is described in full
  kEngine,     ///< likewise, if there is an engine: an empty name would ask the kernel for a module
  kTunnel,     ///< likewise, if forwarding is by tunnel, or the object has settings of a tunnel
  kLength,     ///< likewise, if it is given
  kGroupPort,  ///< likewise
  kTtl,        ///< likewise
  kGroup4,     ///< likewise, if it is IPv4
  kGroup6,     ///< likewise, if it is IPv6
  kReport,     ///< never: the kernel's to tell
};

struct Row {
  uint16_t attribute;
  Kind kind;
  Use use;
  uint16_t offset;    // within ServiceEntry or DestinationEntry
  uint16_t size = 0;  // of a name
};

// The rows of each table are in the order of the attribute numbers, from 1.
#define AT(field) static_cast<uint16_t>(offsetof(ServiceEntry, field))
constexpr Row kService[] = {
    {IPVS_SVC_ATTR_AF, Kind::kU16, Use::kKey, AT(service.key.family)},
    {IPVS_SVC_ATTR_PROTOCOL, Kind::kU16, Use::kNoMark, AT(service.key.protocol)},
    {IPVS_SVC_ATTR_ADDR, Kind::kAddress, Use::kNoMark, AT(service.key.address)},
    {IPVS_SVC_ATTR_PORT, Kind::kPort, Use::kNoMark, AT(service.key.port)},
    {IPVS_SVC_ATTR_FWMARK, Kind::kU32, Use::kMark, AT(service.key.fwmark)},
    {IPVS_SVC_ATTR_SCHED_NAME, Kind::kName, Use::kSetting, AT(service.scheduler), 16},
    {IPVS_SVC_ATTR_FLAGS, Kind::kFlags, Use::kSetting, AT(service.flags)},
    {IPVS_SVC_ATTR_TIMEOUT, Kind::kU32, Use::kSetting, AT(service.timeout)},
    {IPVS_SVC_ATTR_NETMASK, Kind::kNetmask, Use::kSetting, AT(service.netmask)},
    {IPVS_SVC_ATTR_STATS, Kind::kStats, Use::kReport, AT(stats)},
    {IPVS_SVC_ATTR_PE_NAME, Kind::kName, Use::kEngine, AT(service.engine), 20},
    {IPVS_SVC_ATTR_STATS64, Kind::kStats64, Use::kReport, AT(stats)},
};
#undef AT
#define AT(field) static_cast<uint16_t>(offsetof(DestinationEntry, field))
constexpr Row kDestination[] = {
    {IPVS_DEST_ATTR_ADDR, Kind::kAddress, Use::kKey, AT(destination.key.address)},
    {IPVS_DEST_ATTR_PORT, Kind::kPort, Use::kKey, AT(destination.key.port)},
    {IPVS_DEST_ATTR_FWD_METHOD, Kind::kU32, Use::kSetting, AT(destination.forwarding)},
    {IPVS_DEST_ATTR_WEIGHT, Kind::kU32, Use::kSetting, AT(destination.weight)},
    {IPVS_DEST_ATTR_U_THRESH, Kind::kU32, Use::kSetting, AT(destination.upper_threshold)},
    {IPVS_DEST_ATTR_L_THRESH, Kind::kU32, Use::kSetting, AT(destination.lower_threshold)},
    {IPVS_DEST_ATTR_ACTIVE_CONNS, Kind::kU32, Use::kReport, AT(active_connections)},
    {IPVS_DEST_ATTR_INACT_CONNS, Kind::kU32, Use::kReport, AT(inactive_connections)},
    {IPVS_DEST_ATTR_PERSIST_CONNS, Kind::kU32, Use::kReport, AT(persistent_connections)},
    {IPVS_DEST_ATTR_STATS, Kind::kStats, Use::kReport, AT(stats)},
    // Always: without it the kernel reads an IPv6 address behind an IPv4 service as four bytes of
    //   IPv4.
    {IPVS_DEST_ATTR_ADDR_FAMILY, Kind::kU16, Use::kKey, AT(destination.key.family)},
    {IPVS_DEST_ATTR_STATS64, Kind::kStats64, Use::kReport, AT(stats)},
    {IPVS_DEST_ATTR_TUN_TYPE, Kind::kU8, Use::kTunnel, AT(destination.tunnel_type)},
    {IPVS_DEST_ATTR_TUN_PORT, Kind::kPort, Use::kTunnel, AT(destination.tunnel_port)},
    {IPVS_DEST_ATTR_TUN_FLAGS, Kind::kU16, Use::kTunnel, AT(destination.tunnel_flags)},
};
#undef AT

#define AT(field) static_cast<uint16_t>(offsetof(SyncDaemon, field))
constexpr Row kDaemon[] = {
    {IPVS_DAEMON_ATTR_STATE, Kind::kU32, Use::kKey, AT(role)},
    {IPVS_DAEMON_ATTR_MCAST_IFN, Kind::kName, Use::kSetting, AT(interface), 16},
    {IPVS_DAEMON_ATTR_SYNC_ID, Kind::kU32, Use::kSetting, AT(sync_id)},
    {IPVS_DAEMON_ATTR_SYNC_MAXLEN, Kind::kU16, Use::kLength, AT(max_length)},
    {IPVS_DAEMON_ATTR_MCAST_GROUP, Kind::kAddress4, Use::kGroup4, AT(group)},
    {IPVS_DAEMON_ATTR_MCAST_GROUP6, Kind::kAddress, Use::kGroup6, AT(group)},
    // Unlike all other ports in host byte order.
    {IPVS_DAEMON_ATTR_MCAST_PORT, Kind::kU16, Use::kGroupPort, AT(port)},
    {IPVS_DAEMON_ATTR_MCAST_TTL, Kind::kU8, Use::kTtl, AT(ttl)},
};
#undef AT

struct TimeoutRow {
  uint16_t attribute;
  uint32_t Timeouts::*field;
};
constexpr TimeoutRow kTimeouts[] = {
    {IPVS_CMD_ATTR_TIMEOUT_TCP, &Timeouts::tcp},
    {IPVS_CMD_ATTR_TIMEOUT_TCP_FIN, &Timeouts::tcp_fin},
    {IPVS_CMD_ATTR_TIMEOUT_UDP, &Timeouts::udp},
};

struct StatsRow {
  uint16_t attribute;
  uint64_t Stats::*field;
  bool always_wide;  // 64 bits among the 32-bit statistics too
};
constexpr StatsRow kStats[] = {
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

/// The row of an attribute, or null for one that is news to us, or padding.
template <typename Table, size_t Size>
const Table* row_of(const Table (&table)[Size], uint16_t attribute) {
  return attribute >= 1 && attribute <= Size ? &table[attribute - 1] : nullptr;
}

template <typename Value>
Value load(const std::byte* from) {
  Value value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

void put_row(MessageBatch& batch, const Row& row, const std::byte* field, uint16_t family) {
  switch (row.kind) {
    case Kind::kU8:
      return batch.put(row.attribute, static_cast<uint8_t>(load<uint16_t>(field)));
    case Kind::kU16:
      return batch.put(row.attribute, load<uint16_t>(field));
    case Kind::kU32:
      return batch.put(row.attribute, load<uint32_t>(field));
    case Kind::kPort:
      return batch.put_network(row.attribute, load<uint16_t>(field));
    case Kind::kAddress:
      return batch.put_bytes(row.attribute, {field, sizeof(Address)});
    case Kind::kAddress4:
      return batch.put_bytes(row.attribute, {field, 4});
    case Kind::kName: {
      const std::string_view all(reinterpret_cast<const char*>(field), row.size - 1U);
      return batch.put_string(row.attribute, all.substr(0, all.find('\0')));
    }
    case Kind::kFlags: {
      const ip_vs_flags flags{.flags = load<uint32_t>(field), .mask = ~0U};
      return batch.put_bytes(row.attribute, std::as_bytes(std::span(&flags, 1)));
    }
    case Kind::kNetmask: {
      const auto netmask = load<uint32_t>(field);
      return batch.put(row.attribute, family == AF_INET ? htonl(netmask) : netmask);
    }
    case Kind::kStats:
    case Kind::kStats64:
      return;
  }
}

void read_stats(Attributes& attributes, Stats& stats, bool wide) {
  while (attributes.next()) {
    const StatsRow* row = row_of(kStats, attributes.type());
    if (row == nullptr) continue;
    stats.*row->field =
        wide || row->always_wide ? attributes.number<uint64_t>() : attributes.number<uint32_t>();
  }
}

template <typename Value>
void store(std::byte* to, Value value) {
  std::memcpy(to, &value, sizeof value);
}

void read_row(Attributes& attributes, const Row& row, std::byte* field) {
  switch (row.kind) {
    case Kind::kU8:
      return store<uint16_t>(field, attributes.number<uint8_t>());
    case Kind::kU16:
      return store(field, attributes.number<uint16_t>());
    case Kind::kU32:
      return store(field, attributes.number<uint32_t>());
    case Kind::kPort:
      return store(field, attributes.network16());
    case Kind::kAddress:
      return attributes.copy({field, sizeof(Address)});
    case Kind::kAddress4:
      return attributes.copy({field, 4});
    case Kind::kName: {
      const std::string_view name = attributes.string().substr(0, row.size - 1U);
      std::memset(field, 0, row.size);
      std::memcpy(field, name.data(), name.size());
      return;
    }
    case Kind::kFlags:
      return store(field, attributes.number<uint32_t>() & ~ServiceFlags::kHashed);
    case Kind::kNetmask:
      return store(field, attributes.number<uint32_t>());
    case Kind::kStats:
    case Kind::kStats64: {
      const bool wide = row.kind == Kind::kStats64;
      auto& stats = *reinterpret_cast<Stats*>(field);
      return attributes.nested([&](Attributes& inner) { read_stats(inner, stats, wide); });
    }
  }
}

/// Reads the attributes of an object. Of statistics the kernel sends two nests: the narrow one is
/// read only where there is no wide one.
template <size_t Size>
void read_rows(Attributes& attributes, const Row (&table)[Size], std::byte* base) {
  const Row* narrow = nullptr;
  Attributes narrow_stats{netlink::Bytes{}};
  bool wide = false;
  while (attributes.next()) {
    const Row* row = row_of(table, attributes.type());
    if (row == nullptr) continue;
    if (row->kind == Kind::kStats) {
      narrow = row;
      narrow_stats = attributes;
      continue;
    }
    wide = wide || row->kind == Kind::kStats64;
    read_row(attributes, *row, base + row->offset);
  }
  if (narrow == nullptr || wide) return;
  read_row(narrow_stats, *narrow, base + narrow->offset);
  if (narrow_stats.malformed()) attributes.set_malformed();
}

/// Appends the attributes of `table` that `wanted` lets through, as a nest.
template <size_t Size, typename Entry, typename Wanted>
void put_nest(MessageBatch& batch, uint16_t nest_attribute, const Row (&table)[Size],
              const Entry& entry, uint16_t family, Wanted wanted) {
  const auto* base = reinterpret_cast<const std::byte*>(&entry);
  const size_t nest = batch.begin_nest(nest_attribute);
  for (const Row& row : table) {
    if (wanted(row.use)) put_row(batch, row, base + row.offset, family);
  }
  batch.end_nest(nest);
}

/// Reads the nest of `nest_attribute` into `entry`. False if there is none, or if anything is
/// damaged.
template <size_t Size, typename Entry>
bool read_nest(Attributes& attributes, uint16_t nest_attribute, const Row (&table)[Size],
               Entry& entry) {
  auto* base = reinterpret_cast<std::byte*>(&entry);
  bool found = false;
  while (attributes.next()) {
    if (attributes.type() != nest_attribute) continue;
    found = true;
    attributes.nested([&](Attributes& inner) { read_rows(inner, table, base); });
  }
  return found && !attributes.malformed();
}

}  // namespace

void put_service(MessageBatch& batch, const Service& service, Fields part) {
  ServiceEntry entry{};
  entry.service = service;
  const bool marked = service.key.fwmark != 0;
  const bool full = part == Fields::kFull;
  const bool engine = full && !service.engine.view().empty();
  put_nest(batch, IPVS_CMD_ATTR_SERVICE, kService, entry, service.key.family, [&](Use use) {
    return use == Use::kKey || use == (marked ? Use::kMark : Use::kNoMark) ||
           (full && use == Use::kSetting) || (engine && use == Use::kEngine);
  });
}

void put_destination(MessageBatch& batch, const Destination& destination, Fields part) {
  DestinationEntry entry{};
  entry.destination = destination;
  const bool full = part == Fields::kFull;
  const bool settings =
      (destination.tunnel_type | destination.tunnel_port | destination.tunnel_flags) != 0;
  const bool tunnel = full && (settings || destination.forwarding == IP_VS_CONN_F_TUNNEL);
  put_nest(batch, IPVS_CMD_ATTR_DEST, kDestination, entry, destination.key.family, [&](Use use) {
    return use == Use::kKey || (full && use == Use::kSetting) || (tunnel && use == Use::kTunnel);
  });
}

void put_daemon(MessageBatch& batch, const SyncDaemon& daemon, Fields part) {
  const bool full = part == Fields::kFull;
  put_nest(batch, IPVS_CMD_ATTR_DAEMON, kDaemon, daemon, 0, [&](Use use) {
    switch (use) {
      case Use::kKey:
        return true;
      case Use::kGroup4:
        return full && daemon.group_family == AF_INET;
      case Use::kGroup6:
        return full && daemon.group_family == AF_INET6;
      case Use::kLength:
        return full && daemon.max_length != 0;
      case Use::kGroupPort:
        return full && daemon.port != 0;
      case Use::kTtl:
        return full && daemon.ttl != 0;
      default:
        return full;
    }
  });
}

void put_timeouts(MessageBatch& batch, const Timeouts& timeouts) {
  for (const TimeoutRow& row : kTimeouts) {
    if (timeouts.*row.field != 0) batch.put(row.attribute, timeouts.*row.field);
  }
}

std::optional<ServiceEntry> read_service(Attributes attributes) {
  ServiceEntry entry{};
  if (!read_nest(attributes, IPVS_CMD_ATTR_SERVICE, kService, entry)) return std::nullopt;
  Service& service = entry.service;
  if (service.key.family == AF_INET) service.netmask = ntohl(service.netmask);
  return entry;
}

std::optional<DestinationEntry> read_destination(Attributes attributes, uint16_t family) {
  DestinationEntry entry{};
  if (!read_nest(attributes, IPVS_CMD_ATTR_DEST, kDestination, entry)) return std::nullopt;
  DestinationKey& key = entry.destination.key;
  if (key.family == 0) key.family = family;
  return entry;
}

std::optional<SyncDaemon> read_daemon(Attributes attributes) {
  SyncDaemon daemon{};
  if (!read_nest(attributes, IPVS_CMD_ATTR_DAEMON, kDaemon, daemon)) return std::nullopt;
  // IPv6 multicast begins with ff, IPv4 multicast does not.
  if (daemon.group[0] != 0) daemon.group_family = daemon.group[0] == 0xff ? AF_INET6 : AF_INET;
  return daemon;
}

std::optional<Timeouts> read_timeouts(Attributes attributes) {
  Timeouts timeouts{};
  while (attributes.next()) {
    for (const TimeoutRow& row : kTimeouts) {
      if (row.attribute == attributes.type()) timeouts.*row.field = attributes.number<uint32_t>();
    }
  }
  return attributes.malformed() ? std::nullopt : std::optional(timeouts);
}

std::optional<Info> read_info(Attributes attributes) {
  Info info{};
  while (attributes.next()) {
    if (attributes.type() == IPVS_INFO_ATTR_VERSION) info.version = attributes.number<uint32_t>();
    if (attributes.type() == IPVS_INFO_ATTR_CONN_TAB_SIZE) {
      info.connection_table_size = attributes.number<uint32_t>();
    }
  }
  return attributes.malformed() ? std::nullopt : std::optional(info);
}

}  // namespace ipvs
