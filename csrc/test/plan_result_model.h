// A model of what a plan makes of a table, written from the documentation of its options.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "ipvs/plan.h"
#include "test/table_model.h"

namespace test {

/// A wanted service with its destinations.
struct WantedService {
  ipvs::Service service;
  bool is_bare;  ///< its destinations are left alone
  std::map<ipvs::DestinationKey, ipvs::Destination, ipvs::ByteOrder> destinations;
};
using WantedTable = std::map<ipvs::ServiceKey, WantedService, ipvs::ByteOrder>;

/// Returns what the wanted requests of a plan say.
WantedTable table_of(const std::vector<ipvs::Request>& wanted);

/// Objects as text, by name, so that a failure shows the difference.
using Objects = std::map<std::string, std::string>;

std::string name_of(const ipvs::ServiceKey& service);
std::string name_of(const ipvs::ServiceKey& service, const ipvs::DestinationKey& destination);
/// Returns the services and the destinations of a table.
Objects objects_of(const TableModel& table);
/// Returns the numbers of connections of the destinations that a plan drains.
Objects draining_of(const ipvs::PlannedChanges& changes);

/// What a plan has to bring about.
struct Result {
  Objects objects;   ///< those of the table after the changes
  Objects draining;  ///< see draining_of()
  uint32_t changes = 0;
  uint32_t unchanged_services = 0;
  uint32_t unchanged_destinations = 0;
};

/// Returns what a plan has to make of a table.
Result expected_result(const TableModel& table, const WantedTable& wanted,
                       const ipvs::PlanOptions& options, const Prune& prune);

}  // namespace test
