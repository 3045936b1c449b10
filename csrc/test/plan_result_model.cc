#include "test/plan_result_model.h"

#include <linux/ip_vs.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstddef>

#include "test/wire.h"

using ipvs::Changes;
using ipvs::Destination;
using ipvs::DestinationEntry;
using ipvs::DestinationKey;
using ipvs::Operation;
using ipvs::PlannedChanges;
using ipvs::PlanOptions;
using ipvs::Request;
using ipvs::same;
using ipvs::Service;
using ipvs::ServiceFlags;
using ipvs::ServiceKey;
using wire::shown;

namespace test {

namespace {

Service expected_service(const Service& present, const Service& wanted, uint32_t compared) {
  const auto takes = [compared](uint32_t setting) { return (compared & setting) != 0; };
  const auto flags_from = [](const Service& service, uint32_t mask) {
    return service.flags & mask;
  };
  const bool is_other = present.scheduler.view() != wanted.scheduler.view();
  Service result = takes(Changes::kPersistence) ? wanted : present;
  result.key = present.key;
  result.scheduler = (takes(Changes::kScheduler) ? wanted : present).scheduler;
  const bool loses_flags = takes(Changes::kScheduler) && is_other;
  uint32_t scheduler_flags = 0;
  if (takes(Changes::kSchedulerFlags)) {
    scheduler_flags = flags_from(wanted, ServiceFlags::kScheduler);
  } else if (!loses_flags) {
    scheduler_flags = flags_from(present, ServiceFlags::kScheduler);
  }
  result.flags =
      scheduler_flags | flags_from(result, ServiceFlags::kPersistent) |
      flags_from(takes(Changes::kOnePacket) ? wanted : present, ServiceFlags::kOnePacket);
  return result;
}

Destination expected_destination(const Destination& present, const Destination& wanted,
                                 uint32_t compared) {
  const auto source = [&](uint32_t setting) -> const Destination& {
    return (compared & setting) != 0 ? wanted : present;
  };
  Destination result = source(Changes::kTunnel);
  result.forwarding = source(Changes::kForwarding).forwarding;
  result.weight = source(Changes::kWeight).weight;
  result.upper_threshold = source(Changes::kUpperThreshold).upper_threshold;
  result.lower_threshold = source(Changes::kLowerThreshold).lower_threshold;
  if (result.forwarding != IP_VS_CONN_F_TUNNEL) result.tunnel_type = result.tunnel_port = 0;
  return result;
}

bool is_busy(const DestinationEntry& entry, const ServiceKey& service, const PlanOptions& options) {
  const std::map<uint16_t, uint32_t> bits{{IPPROTO_TCP, PlanOptions::kDrainTcp},
                                          {IPPROTO_UDP, PlanOptions::kDrainUdp},
                                          {IPPROTO_SCTP, PlanOptions::kDrainSctp}};
  if (!options.drains) return false;
  if (service.fwmark == 0 && (options.drained_protocols & bits.at(service.protocol)) == 0) {
    return false;
  }
  return entry.active_connections > 0 ||
         (entry.inactive_connections > 0 && !options.ignores_inactive);
}

// The numbers of connections of a draining destination, as text.
std::string sum_of(uint32_t active, uint32_t inactive) {
  return std::to_string(active) + '+' + std::to_string(inactive);
}

class ResultModel {
 public:
  ResultModel(const WantedTable& wanted, const PlanOptions& options, const Prune& prune)
      : wanted_(wanted), options_(options), prune_(prune) {}

  Result result_of(const TableModel& table) {
    result_ = {};
    for (const TableModel::Entry& entry : table.services) {
      const auto found = wanted_.find(entry.service.key);
      if (found != wanted_.end()) {
        change(entry, found->second);
      } else if (prune_(entry.service)) {
        remove(entry);
      } else {
        leave(entry);
      }
    }
    for (const auto& [key, service] : wanted_) {
      if (table.find(key) == nullptr) add(service);
    }
    return result_;
  }

 private:
  void put(const Service& service) { result_.objects[name_of(service.key)] = shown(service); }
  void put(const ServiceKey& service, const Destination& destination) {
    result_.objects[name_of(service, destination.key)] = shown(destination);
  }

  void leave(const TableModel::Entry& entry) {
    put(entry.service);
    for (const auto& each : entry.destinations) put(entry.service.key, each.destination);
  }

  void add(const WantedService& wanted) {
    put(wanted.service);
    for (const auto& [key, destination] : wanted.destinations) put(wanted.service.key, destination);
    result_.changes += static_cast<uint32_t>(1 + wanted.destinations.size());
  }

  void change(const TableModel::Entry& entry, const WantedService& wanted) {
    const ServiceKey& key = entry.service.key;
    const Service after = expected_service(entry.service, wanted.service, options_.compared);
    put(after);
    same(after, entry.service) ? ++result_.unchanged_services : ++result_.changes;
    for (const DestinationEntry& each : entry.destinations) {
      const auto found = wanted.destinations.find(each.destination.key);
      if (wanted.is_bare) {
        put(key, each.destination);
      } else if (found == wanted.destinations.end()) {
        remove(key, each);
      } else {
        const auto changed =
            expected_destination(each.destination, found->second, options_.compared);
        put(key, changed);
        const bool is_same = same(changed, each.destination);
        is_same ? ++result_.unchanged_destinations : ++result_.changes;
      }
    }
    for (const auto& [each, destination] : wanted.destinations) {
      if (find(entry, each) != nullptr) continue;
      put(key, destination);
      ++result_.changes;
    }
  }

  void remove(const TableModel::Entry& entry) {
    const ServiceKey& key = entry.service.key;
    const bool is_draining =
        std::any_of(entry.destinations.begin(), entry.destinations.end(),
                    [&](const auto& each) { return is_busy(each, key, options_); });
    if (!is_draining) {
      ++result_.changes;
      return;
    }
    put(entry.service);
    for (const DestinationEntry& each : entry.destinations) remove(key, each);
  }

  void remove(const ServiceKey& service, const DestinationEntry& entry) {
    if (!is_busy(entry, service, options_)) {
      ++result_.changes;
      return;
    }
    Destination drained = entry.destination;
    drained.weight = 0;
    put(service, drained);
    result_.changes += entry.destination.weight == 0 ? 0 : 1;
    result_.draining[name_of(service, drained.key)] =
        sum_of(entry.active_connections, entry.inactive_connections);
  }

  const WantedTable& wanted_;
  const PlanOptions& options_;
  const Prune& prune_;
  Result result_;
};

}  // namespace

WantedTable table_of(const std::vector<Request>& wanted) {
  WantedTable table;
  for (const Request& each : wanted) {
    if (operation_of(each) == Operation::kEnsureDestination) {
      table.at(each.service.key).destinations[each.destination.key] = each.destination;
    } else {
      const bool is_bare = operation_of(each) == Operation::kUpdateService;
      table[each.service.key] = {each.service, is_bare, {}};
    }
  }
  return table;
}

std::string name_of(const ServiceKey& service) { return shown(service); }

std::string name_of(const ServiceKey& service, const DestinationKey& destination) {
  return shown(service) + " / " + shown(destination);
}

Objects objects_of(const TableModel& table) {
  Objects objects;
  for (const auto& [service, destinations] : table.services) {
    objects[name_of(service.key)] = shown(service);
    for (const DestinationEntry& each : destinations) {
      objects[name_of(service.key, each.destination.key)] = shown(each.destination);
    }
  }
  return objects;
}

Objects draining_of(const PlannedChanges& changes) {
  Objects draining;
  for (size_t index = 0; index < changes.draining.size(); ++index) {
    const Request& request = changes.draining[index];
    draining[name_of(request.service.key, request.destination.key)] =
        sum_of(changes.connections[2 * index], changes.connections[2 * index + 1]);
  }
  return draining;
}

Result expected_result(const TableModel& table, const WantedTable& wanted,
                       const PlanOptions& options, const Prune& prune) {
  return ResultModel(wanted, options, prune).result_of(table);
}

}  // namespace test
