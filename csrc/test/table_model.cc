#include "test/table_model.h"

#include <algorithm>
#include <cerrno>

namespace test {
namespace {

using ipvs::DestinationEntry;
using ipvs::Operation;
using ipvs::same;

template <typename List, typename IsSought>
auto pointer_to(List& list, IsSought is_sought) {
  const auto found = std::find_if(list.begin(), list.end(), is_sought);
  return found == list.end() ? nullptr : &*found;
}

auto has_key(const ipvs::ServiceKey& key) {
  return [&key](const TableModel::Entry& entry) { return same(entry.service.key, key); };
}

auto has_key(const ipvs::DestinationKey& key) {
  return [&key](const DestinationEntry& entry) { return same(entry.destination.key, key); };
}

// Executes a request on a service that exists, or on its destinations.
int apply_to(TableModel::Entry& entry, const ipvs::Request& request) {
  if (operation_of(request) == Operation::kSetService) {
    entry.service = request.service;
    return 0;
  }
  auto& destinations = entry.destinations;
  auto* found = pointer_to(destinations, has_key(request.destination.key));
  const bool is_valid = request.destination.lower_threshold <= request.destination.upper_threshold;
  switch (operation_of(request)) {
    case Operation::kAddDestination:
      if (!is_valid) return ERANGE;
      if (found != nullptr) return EEXIST;
      destinations.insert(destinations.begin(), DestinationEntry{});
      destinations.front().destination = request.destination;
      return 0;
    case Operation::kSetDestination:
      if (!is_valid) return ERANGE;
      if (found == nullptr) return ENOENT;
      found->destination = request.destination;
      return 0;
    case Operation::kDeleteDestination:
      return std::erase_if(destinations, has_key(request.destination.key)) == 1 ? 0 : ENOENT;
    default:
      return EOPNOTSUPP;
  }
}

}  // namespace

const TableModel::Entry* TableModel::find(const ipvs::ServiceKey& key) const {
  return pointer_to(services, has_key(key));
}

TableModel::Entry* TableModel::find(const ipvs::ServiceKey& key) {
  return pointer_to(services, has_key(key));
}

const DestinationEntry* find(const TableModel::Entry& entry, const ipvs::DestinationKey& key) {
  return pointer_to(entry.destinations, has_key(key));
}

int TableModel::apply(const ipvs::Request& request) {
  Entry* entry = find(request.service.key);
  if (operation_of(request) == Operation::kAddService) {
    if (entry != nullptr) return EEXIST;
    services.push_back({request.service, {}});
    return 0;
  }
  if (entry == nullptr) return ESRCH;
  if (operation_of(request) == Operation::kDeleteService) {
    std::erase_if(services, has_key(request.service.key));
    return 0;
  }
  const int error = apply_to(*entry, request);
  if (error == 0 && entry->service.scheduler.view() == "mh") ++built_tables;
  return error;
}

ipvs::PlannedChanges plan_changes(const TableModel& table, std::span<const ipvs::Request> wanted,
                                  const ipvs::PlanOptions& options, const Prune& prune) {
  ipvs::Plan plan(wanted, options);
  for (const auto& each : table.services) plan.note(ipvs::ServiceEntry{{}, each.service});
  std::vector<uint8_t> flags;
  for (const auto& each : plan.unwanted()) flags.push_back(prune(each.service) ? 1 : 0);
  plan.prune(flags);
  while (const ipvs::ServiceKey* key = plan.next()) {
    const TableModel::Entry* entry = table.find(*key);
    // The kernel's list of a service that does not exist is empty.
    if (entry != nullptr) {
      for (const DestinationEntry& each : entry->destinations) plan.note(each);
    }
    plan.end();
  }
  return plan.finish();
}

Operation operation_of(const ipvs::Request& request) {
  return static_cast<Operation>(request.operation);
}

bool is_of_destination(const ipvs::Request& request) {
  switch (operation_of(request)) {
    case Operation::kAddDestination:
    case Operation::kSetDestination:
    case Operation::kDeleteDestination:
      return true;
    default:
      return false;
  }
}

}  // namespace test
