#include "ipvs/codec.h"

#include <arpa/inet.h>
#include <linux/ip_vs.h>
#include <netinet/in.h>

#include <cstring>
#include <span>
#include <string_view>

#include "ipvs/attribute_tables.h"

namespace ipvs {
namespace {

using netlink::Attributes;
using netlink::MessageBatch;

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

void read_stats(Attributes& attributes, Stats& stats, bool is_u64) {
  while (attributes.next()) {
    const StatsRow* row = row_of(kStats, attributes.type());
    if (row == nullptr) continue;
    stats.*row->field =
        is_u64 || row->always_u64 ? attributes.number<uint64_t>() : attributes.number<uint32_t>();
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
      const bool is_u64 = row.kind == Kind::kStats64;
      auto& stats = *reinterpret_cast<Stats*>(field);
      return attributes.nested([&](Attributes& inner) { read_stats(inner, stats, is_u64); });
    }
  }
}

/// Reads the attributes of an object. The kernel sends two nests of statistics: the 32-bit one is
/// read only if there is no 64-bit one.
template <size_t Size>
void read_rows(Attributes& attributes, const Row (&table)[Size], std::byte* base,
               Statistics statistics) {
  const Row* u32_row = nullptr;
  Attributes u32_stats{netlink::Bytes{}};
  bool has_u64_stats = false;
  while (attributes.next()) {
    const Row* row = row_of(table, attributes.type());
    if (row == nullptr) continue;
    const bool is_stats = row->kind == Kind::kStats || row->kind == Kind::kStats64;
    if (is_stats && statistics == Statistics::kSkip) continue;
    if (row->kind == Kind::kStats) {
      u32_row = row;
      u32_stats = attributes;
      continue;
    }
    has_u64_stats = has_u64_stats || row->kind == Kind::kStats64;
    read_row(attributes, *row, base + row->offset);
  }
  if (u32_row == nullptr || has_u64_stats) return;
  read_row(u32_stats, *u32_row, base + u32_row->offset);
  if (u32_stats.malformed()) attributes.set_malformed();
}

/// Appends the attributes of `table` whose condition `is_met`, as a nest.
template <size_t Size, typename Entry, typename IsMet>
void put_nest(MessageBatch& batch, uint16_t nest_attribute, const Row (&table)[Size],
              const Entry& entry, uint16_t family, IsMet is_met) {
  const auto* base = reinterpret_cast<const std::byte*>(&entry);
  const size_t nest = batch.begin_nest(nest_attribute);
  for (const Row& row : table) {
    if (is_met(row.condition)) put_row(batch, row, base + row.offset, family);
  }
  batch.end_nest(nest);
}

/// Reads the nest of `nest_attribute` into `entry`. False if there is none, or if anything is
/// malformed.
template <size_t Size, typename Entry>
bool read_nest(Attributes& attributes, uint16_t nest_attribute, const Row (&table)[Size],
               Entry& entry, Statistics statistics = Statistics::kRead) {
  auto* base = reinterpret_cast<std::byte*>(&entry);
  bool found = false;
  while (attributes.next()) {
    if (attributes.type() != nest_attribute) continue;
    found = true;
    attributes.nested([&](Attributes& inner) { read_rows(inner, table, base, statistics); });
  }
  return found && !attributes.malformed();
}

}  // namespace

void put_service(MessageBatch& batch, const Service& service, Fields fields) {
  ServiceEntry entry{};
  entry.service = service;
  const bool marked = service.key.fwmark != 0;
  const bool full = fields == Fields::kFull;
  const bool engine = full && !service.engine.view().empty();
  put_nest(batch, IPVS_CMD_ATTR_SERVICE, kService, entry, service.key.family,
           [&](Condition condition) {
             return condition == Condition::kKey ||
                    condition == (marked ? Condition::kMark : Condition::kNoMark) ||
                    (full && condition == Condition::kSetting) ||
                    (engine && condition == Condition::kEngine);
           });
}

void put_destination(MessageBatch& batch, const Destination& destination, Fields fields) {
  DestinationEntry entry{};
  entry.destination = destination;
  const bool full = fields == Fields::kFull;
  const bool settings =
      (destination.tunnel_type | destination.tunnel_port | destination.tunnel_flags) != 0;
  const bool tunnel = full && (settings || destination.forwarding == IP_VS_CONN_F_TUNNEL);
  put_nest(batch, IPVS_CMD_ATTR_DEST, kDestination, entry, destination.key.family,
           [&](Condition condition) {
             return condition == Condition::kKey || (full && condition == Condition::kSetting) ||
                    (tunnel && condition == Condition::kTunnel);
           });
}

void put_daemon(MessageBatch& batch, const SyncDaemon& daemon, Fields fields) {
  const bool full = fields == Fields::kFull;
  put_nest(batch, IPVS_CMD_ATTR_DAEMON, kDaemon, daemon, 0, [&](Condition condition) {
    switch (condition) {
      case Condition::kKey:
        return true;
      case Condition::kGroup4:
        return full && daemon.group_family == AF_INET;
      case Condition::kGroup6:
        return full && daemon.group_family == AF_INET6;
      case Condition::kLength:
        return full && daemon.max_length != 0;
      case Condition::kGroupPort:
        return full && daemon.port != 0;
      case Condition::kTtl:
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

std::optional<DestinationEntry> read_destination(Attributes attributes, uint16_t family,
                                                 Statistics statistics) {
  DestinationEntry entry{};
  if (!read_nest(attributes, IPVS_CMD_ATTR_DEST, kDestination, entry, statistics)) {
    return std::nullopt;
  }
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
