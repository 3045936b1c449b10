// A model of the kernel's table of services, and plans for it.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "ipvs/plan.h"

namespace test {

/// Changes a table as the kernel does, and refuses what the kernel refuses.
class TableModel {
 public:
  struct Entry {
    ipvs::Service service;
    std::vector<ipvs::DestinationEntry> destinations;  ///< as the kernel lists them: newest first
  };

  std::vector<Entry> services;
  /// How often the scheduler mh has built a table.
  size_t built_tables = 0;

  const Entry* find(const ipvs::ServiceKey& key) const;
  Entry* find(const ipvs::ServiceKey& key);

  /// Executes a request. Returns 0 or the errno of the kernel.
  int apply(const ipvs::Request& request);
};

const ipvs::DestinationEntry* find(const TableModel::Entry& entry, const ipvs::DestinationKey& key);

/// Returns true if the service may be deleted.
using Prune = std::function<bool(const ipvs::Service&)>;

/// Plans changes as a client does: lists the services and the destinations that the plan asks for.
ipvs::PlannedChanges plan_changes(const TableModel& table, std::span<const ipvs::Request> wanted,
                                  const ipvs::PlanOptions& options, const Prune& prune);

ipvs::Operation operation_of(const ipvs::Request& request);
/// Returns true if the requests have destinations.
bool is_of_destination(const ipvs::Request& request);

}  // namespace test
