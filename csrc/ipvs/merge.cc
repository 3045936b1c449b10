#include "ipvs/merge.h"

#include <linux/ip_vs.h>

namespace ipvs {
namespace {

uint32_t replace_bits(uint32_t current, uint32_t changes, uint32_t mask) {
  return (current & ~mask) | (changes & mask);
}

}  // namespace

Service merge(const Service& current, const Service& changes, uint32_t named) {
  Service result = current;
  const auto names = [named](uint32_t setting) { return (named & setting) != 0; };

  if (names(Changes::kScheduler)) {
    const bool other = current.scheduler.view() != changes.scheduler.view();
    if (other) result.flags &= ~ServiceFlags::kScheduler;
    result.scheduler = changes.scheduler;
  }
  if (names(Changes::kSchedulerFlags)) {
    result.flags = replace_bits(result.flags, changes.flags, ServiceFlags::kScheduler);
  }
  if (names(Changes::kOnePacket)) {
    result.flags = replace_bits(result.flags, changes.flags, ServiceFlags::kOnePacket);
  }
  if (names(Changes::kPersistence)) {
    const bool on = (changes.flags & ServiceFlags::kPersistent) != 0;
    const bool keeps = on && (current.flags & ServiceFlags::kPersistent) != 0;
    result.flags = replace_bits(result.flags, changes.flags, ServiceFlags::kPersistent);
    if (!keeps || names(Changes::kTimeout)) result.timeout = changes.timeout;
    if (!keeps || names(Changes::kNetmask)) result.netmask = changes.netmask;
    if (!keeps || names(Changes::kEngine)) result.engine = changes.engine;
  }
  return result;
}

Destination merge(const Destination& current, const Destination& changes, uint32_t named) {
  Destination result = current;
  const auto names = [named](uint32_t setting) { return (named & setting) != 0; };

  if (names(Changes::kForwarding)) result.forwarding = changes.forwarding;
  if (names(Changes::kWeight)) result.weight = changes.weight;
  if (names(Changes::kUpperThreshold)) result.upper_threshold = changes.upper_threshold;
  if (names(Changes::kLowerThreshold)) result.lower_threshold = changes.lower_threshold;
  const bool tunnel_ends = names(Changes::kForwarding) && result.forwarding != IP_VS_CONN_F_TUNNEL;
  if (names(Changes::kTunnel) || names(Changes::kTunnelReset) || tunnel_ends) {
    const Destination& source = names(Changes::kTunnel) ? changes : Destination{};
    result.tunnel_type = source.tunnel_type;
    result.tunnel_port = source.tunnel_port;
    result.tunnel_flags = source.tunnel_flags;
  }
  return result;
}

Status check_merged(const Service& result, const Name<16>& flags_owner) {
  const std::string_view owner = flags_owner.view();
  const bool fits = owner.empty() || owner == result.scheduler.view();
  return fits ? Status::kDone : kForeignFlags;
}

Status check_merged(const Destination& result, uint32_t named) {
  if ((named & Changes::kTunnel) != 0 && result.forwarding != IP_VS_CONN_F_TUNNEL) {
    return kTunnelless;
  }
  return result.lower_threshold > result.upper_threshold ? kThresholds : Status::kDone;
}

}  // namespace ipvs
