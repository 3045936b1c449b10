#include "test/ipvs_replies.h"

#include <array>

namespace test {
namespace {

using ipvs::Address;
using ipvs::Stats;
using wire::attribute;
using wire::big_endian;
using wire::Buffer;
using wire::join;
using wire::raw;

constexpr uint16_t kIPv4 = 2;
constexpr uint16_t kIPv6 = 10;
constexpr uint32_t kHashed = 2;
constexpr uint32_t kTunnel = 2;

Address random_address(Random& random, uint16_t family) {
  Address address{};
  const size_t length = family == kIPv4 ? 4 : 16;
  for (size_t i = 0; i < length; ++i) address[i] = random.number<uint8_t>();
  return address;
}

uint16_t random_family(Random& random) { return random.chance(50) ? kIPv4 : kIPv6; }

// A list of attributes that is being encoded.
class Nest {
 public:
  explicit Nest(Random& random) : random_(random) {}

  void add(uint16_t type, const Buffer& payload) { parts_.push_back(attribute(type, payload)); }
  /// Adds a number that is sometimes longer than needed.
  void add_number(uint16_t type, Buffer payload) {
    if (random_.chance(10)) payload = join(payload, random_.bytes(random_.between(1, 8)));
    add(type, payload);
  }
  void add_name(uint16_t type, std::string_view name) {
    add(type, join(wire::text(name), Buffer(random_.between(1, 3))));
  }
  void add_address(uint16_t type, const Address& address, uint16_t family) {
    Buffer bytes = raw(address);
    if (family == kIPv4 && random_.chance(30)) bytes.resize(4);
    add(type, bytes);
  }
  void add_nest(uint16_t type, const Buffer& inside) {
    const bool flagged = random_.chance(50);
    add(flagged ? type | NLA_F_NESTED : type, inside);
  }
  /// Adds attributes that no decoder knows.
  void add_unknown(uint16_t first) {
    for (size_t count = random_.below(3); count > 0; --count) {
      const uint16_t type = random_.chance(20) ? 0 : first + random_.number<uint8_t>();
      add(type, random_.bytes(random_.below(20)));
    }
  }

  Buffer in_any_order() {
    random_.shuffle(parts_);
    Buffer all;
    for (const Buffer& part : parts_) all = join(all, part);
    return all;
  }

 private:
  Random& random_;
  std::vector<Buffer> parts_;
};

constexpr std::array<uint64_t Stats::*, 10> kStats = {
    &Stats::connections,  &Stats::in_packets,      &Stats::out_packets,    &Stats::in_bytes,
    &Stats::out_bytes,    &Stats::connection_rate, &Stats::in_packet_rate, &Stats::out_packet_rate,
    &Stats::in_byte_rate, &Stats::out_byte_rate};

bool is_byte_count(uint64_t Stats::*field) {
  return field == &Stats::in_bytes || field == &Stats::out_bytes;
}

// Truncates all but the byte counts to 32 bits.
Stats narrowed(Stats stats) {
  for (const auto field : kStats) {
    if (!is_byte_count(field)) stats.*field = static_cast<uint32_t>(stats.*field);
  }
  return stats;
}

Buffer stats_attributes(const Stats& stats, bool wide, Random& random) {
  Nest nest(random);
  uint16_t type = 0;
  for (const auto field : kStats) {
    const bool long_number = wide || is_byte_count(field);
    nest.add_number(++type,
                    long_number ? raw(stats.*field) : raw(static_cast<uint32_t>(stats.*field)));
    if (long_number && random.chance(50)) nest.add(11, {});  // IPVS_STATS_ATTR_PAD
  }
  nest.add_unknown(12);
  return nest.in_any_order();
}

// Adds statistics of 32 or 64 bits, or both, and returns what must be decoded.
Stats add_stats(Nest& nest, uint16_t narrow_type, uint16_t wide_type, Random& random) {
  const Stats stats = random_stats(random);
  const bool wide = random.chance(70);
  const bool narrow = random.chance(70);
  if (narrow) nest.add_nest(narrow_type, stats_attributes(stats, false, random));
  if (wide) nest.add_nest(wide_type, stats_attributes(stats, true, random));
  if (wide) return stats;
  return narrow ? narrowed(stats) : Stats{};
}

Buffer reply_payload(uint16_t command, uint16_t nest_type, Nest& object, Random& random) {
  Nest message(random);
  message.add_nest(nest_type, object.in_any_order());
  message.add_unknown(7);
  const std::array<uint8_t, 4> header{static_cast<uint8_t>(command), 1, 0, 0};
  return join(raw(header), message.in_any_order());
}

}  // namespace

Stats random_stats(Random& random) {
  Stats stats{};
  for (const auto field : kStats) stats.*field = random.number<uint64_t>();
  return stats;
}

ipvs::Service random_service(Random& random) {
  ipvs::Service service{};
  service.key.family = random_family(random);
  if (random.chance(30)) {
    service.key.fwmark = random.number<uint32_t>() | 1;
  } else {
    service.key.protocol = random.number<uint16_t>();
    service.key.address = random_address(random, service.key.family);
    service.key.port = random.number<uint16_t>();
  }
  service.flags = random.number<uint32_t>() & ~kHashed;
  service.timeout = random.number<uint32_t>();
  service.netmask = random.number<uint32_t>();
  service.scheduler.assign(random.word(random.below(16)));
  service.engine.assign(random.word(random.below(17)));
  return service;
}

ipvs::Destination random_destination(Random& random) {
  ipvs::Destination destination{};
  destination.key.family = random_family(random);
  destination.key.address = random_address(random, destination.key.family);
  destination.key.port = random.number<uint16_t>();
  destination.forwarding = static_cast<uint32_t>(random.below(8));
  destination.weight = random.number<uint32_t>();
  destination.upper_threshold = random.number<uint32_t>();
  destination.lower_threshold = random.number<uint32_t>();
  if (destination.forwarding == kTunnel) {
    destination.tunnel_type = random.number<uint8_t>();
    destination.tunnel_port = random.number<uint16_t>();
    destination.tunnel_flags = random.number<uint16_t>();
  }
  return destination;
}

ipvs::SyncDaemon random_daemon(Random& random) {
  ipvs::SyncDaemon daemon{};
  daemon.role = static_cast<uint32_t>(random.between(1, 2));
  daemon.interface.assign(random.word(random.below(16)));
  daemon.sync_id = random.number<uint32_t>();
  daemon.max_length = random.number<uint16_t>();
  daemon.port = random.number<uint16_t>();
  daemon.ttl = random.number<uint8_t>();
  if (random.chance(70)) {
    daemon.group_family = random_family(random);
    daemon.group = random_address(random, daemon.group_family);
    // A multicast address.
    daemon.group[0] = daemon.group_family == kIPv4 ? 224 + (daemon.group[0] & 15) : 0xff;
  }
  return daemon;
}

Reply<ipvs::ServiceEntry> service_reply(Random& random) {
  ipvs::ServiceEntry entry{};
  entry.service = random_service(random);
  const ipvs::Service& service = entry.service;
  const ipvs::ServiceKey& key = service.key;

  Nest nest(random);
  nest.add_number(1, raw(key.family));
  if (key.fwmark != 0) {
    nest.add_number(5, raw(key.fwmark));
  } else {
    nest.add_number(2, raw(key.protocol));
    nest.add_address(3, key.address, key.family);
    nest.add_number(4, big_endian(key.port));
  }
  nest.add_name(6, service.scheduler.view());
  nest.add(7, join(raw(service.flags | kHashed), raw(~uint32_t{0})));
  nest.add_number(8, raw(service.timeout));
  nest.add_number(9, key.family == kIPv4 ? big_endian(service.netmask) : raw(service.netmask));
  entry.stats = add_stats(nest, 10, 12, random);
  if (!service.engine.view().empty()) nest.add_name(11, service.engine.view());
  nest.add_unknown(13);
  return {reply_payload(1, 1, nest, random), entry};
}

Reply<ipvs::DestinationEntry> destination_reply(Random& random, uint16_t family) {
  ipvs::DestinationEntry entry{};
  entry.destination = random_destination(random);
  ipvs::Destination& destination = entry.destination;

  Nest nest(random);
  nest.add_address(1, destination.key.address, destination.key.family);
  nest.add_number(2, big_endian(destination.key.port));
  nest.add_number(3, raw(destination.forwarding));
  nest.add_number(4, raw(destination.weight));
  nest.add_number(5, raw(destination.upper_threshold));
  nest.add_number(6, raw(destination.lower_threshold));
  entry.active_connections = random.number<uint32_t>();
  entry.inactive_connections = random.number<uint32_t>();
  entry.persistent_connections = random.number<uint32_t>();
  nest.add_number(7, raw(entry.active_connections));
  nest.add_number(8, raw(entry.inactive_connections));
  nest.add_number(9, raw(entry.persistent_connections));
  entry.stats = add_stats(nest, 10, 12, random);
  if (random.chance(70)) {
    nest.add_number(11, raw(destination.key.family));
  } else {
    destination.key.family = family;
  }
  nest.add_number(13, raw(static_cast<uint8_t>(destination.tunnel_type)));
  nest.add_number(14, big_endian(destination.tunnel_port));
  nest.add_number(15, raw(destination.tunnel_flags));
  nest.add_unknown(16);
  return {reply_payload(5, 2, nest, random), entry};
}

Reply<ipvs::SyncDaemon> daemon_reply(Random& random) {
  const ipvs::SyncDaemon daemon = random_daemon(random);
  Nest nest(random);
  nest.add_number(1, raw(daemon.role));
  nest.add_name(2, daemon.interface.view());
  nest.add_number(3, raw(daemon.sync_id));
  nest.add_number(4, raw(daemon.max_length));
  const Buffer group = raw(daemon.group);
  if (daemon.group_family == kIPv4) nest.add(5, {group.begin(), group.begin() + 4});
  if (daemon.group_family == kIPv6) nest.add(6, group);
  nest.add_number(7, raw(daemon.port));
  nest.add_number(8, raw(static_cast<uint8_t>(daemon.ttl)));
  nest.add_unknown(9);
  return {reply_payload(9, 3, nest, random), daemon};
}

}  // namespace test
