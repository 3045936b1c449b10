#include "ipvs/plan.h"

#include <netinet/in.h>

#include <algorithm>

#include "ipvs/merge.h"

namespace ipvs {
namespace {

using netlink::hash_of;
using netlink::same;

// From this number of new destinations on, a table of mh is worth building only once.
constexpr size_t kManyDestinations = 16;
constexpr std::string_view kTableScheduler = "mh";
// The kernel's name of having no scheduler.
constexpr std::string_view kNoScheduler = "none";

bool is_service(const Request& request) {
  return request.operation != static_cast<uint32_t>(Operation::kEnsureDestination);
}

bool has_destinations(const Request& service) {
  return service.operation == static_cast<uint32_t>(Operation::kEnsureService);
}

Request with(Request request, Operation operation) {
  request.operation = static_cast<uint32_t>(operation);
  return request;
}

Request request_for(const ServiceKey& service, Operation operation) {
  Request request{};
  request.service.key = service;
  return with(request, operation);
}

Request request_for(const ServiceKey& service, const Destination& destination,
                    Operation operation) {
  Request request = request_for(service, operation);
  request.destination = destination;
  return request;
}

uint32_t drain_bit(const ServiceKey& service) {
  switch (service.protocol) {
    case IPPROTO_TCP:
      return PlanOptions::kDrainTcp;
    case IPPROTO_UDP:
      return PlanOptions::kDrainUdp;
    case IPPROTO_SCTP:
      return PlanOptions::kDrainSctp;
    default:
      return 0;
  }
}

bool drains(const PlanOptions& options, const ServiceKey& service) {
  const bool is_drained =
      service.fwmark != 0 || (options.drained_protocols & drain_bit(service)) != 0;
  return options.drains && is_drained;
}

}  // namespace

void PlannedChanges::add(Operation operation, Source source, size_t index, uint32_t origin) {
  items_.push_back({static_cast<uint32_t>(index), source});
  operations.push_back(static_cast<uint8_t>(operation));
  origins.push_back(origin);
}

Request PlannedChanges::request_of(const Item& item) const {
  Request request;
  switch (item.source) {
    case Source::kWanted:
      return wanted_[item.index];
    case Source::kUnscheduled:
      request = wanted_[item.index];
      request.service.scheduler.assign(kNoScheduler);
      return request;
    case Source::kMerged: {
      const auto [index, place] = updates_[item.index];
      request = before[place];
      const Request& wanted = wanted_[index];
      if (is_service(wanted)) {
        request.service = merge(request.service, wanted.service, compared_);
      } else {
        request.destination = merge(request.destination, wanted.destination, compared_);
      }
      return request;
    }
    case Source::kDrained:
      request = before[item.index];
      request.destination.weight = 0;
      return request;
    case Source::kRemoved:
      return removed_[item.index];
  }
  return {};
}

void PlannedChanges::write(size_t first, std::span<Request> to) const {
  const size_t count = std::min(to.size(), items_.size() - std::min(first, items_.size()));
  for (size_t place = 0; place < count; ++place) {
    to[place] = request_of(items_[first + place]);
    to[place].operation = operations[first + place];
  }
}

std::vector<Request> PlannedChanges::requests() const {
  std::vector<Request> all(size());
  write(0, all);
  return all;
}

Plan::Plan(std::span<const Request> wanted, const PlanOptions& options)
    : wanted_(wanted),
      options_(options),
      slots_(wanted.size()),
      states_(wanted.size(), State::kMissing) {
  for (size_t index = 0; index < wanted.size(); ++index) want(index);
}

uint32_t& Plan::slot_of(const ServiceKey& service, const DestinationKey* destination) {
  const uint64_t hash = hash_of(service);
  return slots_.find(destination == nullptr ? hash : hash_of(*destination, hash),
                     [&](size_t index) { return has_key(index, service, destination); });
}

bool Plan::has_key(size_t index, const ServiceKey& service,
                   const DestinationKey* destination) const {
  const Request& wanted = wanted_[index];
  if (is_service(wanted) != (destination == nullptr)) return false;
  if (!same(wanted.service.key, service)) return false;
  return destination == nullptr || same(wanted.destination.key, *destination);
}

// Finds a wanted destination of the service that next() has returned.
uint32_t Plan::find(const DestinationKey& destination) {
  if (!current_.is_wanted) return 0;
  // Most lists have the wanted order, or its reverse. A neighbour is in the cache; a slot is not.
  for (const size_t near : {current_.last + 1, current_.last - 1}) {
    if (near < wanted_.size() && has_key(near, current_.key, &destination)) {
      return static_cast<uint32_t>(near + 1);
    }
  }
  return slot_of(current_.key, &destination);
}

void Plan::want(size_t index) {
  const Request& request = wanted_[index];
  uint32_t& slot =
      slot_of(request.service.key, is_service(request) ? nullptr : &request.destination.key);
  if (slot != 0 && !duplicate_) duplicate_ = {slot - 1, index};
  if (slot == 0) slot = static_cast<uint32_t>(index) + 1;
}

// Returns the index after the last destination of a wanted service.
size_t Plan::end_of(size_t service) const {
  size_t end = service + 1;
  while (end < wanted_.size() && !is_service(wanted_[end])) ++end;
  return end;
}

// Notes that a wanted object exists, and plans its update if its settings differ.
template <typename Object>
void Plan::compare(size_t index, Object Request::*member, const Object& found,
                   Operation operation) {
  const Object merged = merge(found, wanted_[index].*member, options_.compared);
  states_[index] = same(merged, found) ? State::kUnchanged : State::kChanged;
  if (states_[index] == State::kUnchanged) return;
  changes_.updates_.push_back(
      {static_cast<uint32_t>(index), static_cast<uint32_t>(changes_.before.size())});
  changes_.before.push_back(with(wanted_[index], operation));
  changes_.before.back().*member = found;
}

void Plan::note(const ServiceEntry& found) {
  const uint32_t slot = slot_of(found.service.key, nullptr);
  if (slot == 0) {
    unwanted_.push_back(found);
    return;
  }
  compare(slot - 1, &Request::service, found.service, Operation::kSetService);
  if (states_[slot - 1] == State::kUnchanged) ++changes_.unchanged_services;
  if (has_destinations(wanted_[slot - 1])) to_read_.push_back(slot - 1);
}

void Plan::prune(std::span<const uint8_t> flags) {
  for (uint32_t index = 0; index < flags.size() && index < unwanted_.size(); ++index) {
    if (flags[index] == 0) continue;
    const ServiceKey& key = unwanted_[index].service.key;
    if (drains(options_, key)) {
      to_delete_.push_back(index);
    } else {
      service_deletions_.push_back(request_for(key, Operation::kDeleteService));
    }
  }
}

const ServiceKey* Plan::next() {
  const size_t place = read_++;
  if (place < to_read_.size()) {
    current_.last = to_read_[place];
    current_.key = wanted_[to_read_[place]].service.key;
    current_.is_wanted = true;
  } else if (place < to_read_.size() + to_delete_.size()) {
    current_.key = unwanted_[to_delete_[place - to_read_.size()]].service.key;
    current_.is_wanted = false;
  } else {
    return nullptr;
  }
  current_.drains = drains(options_, current_.key);
  current_.is_draining = false;
  return &current_.key;
}

void Plan::note(const DestinationEntry& found) {
  const uint32_t slot = find(found.destination.key);
  if (slot == 0) {
    remove(found);
    return;
  }
  current_.last = slot - 1;
  compare(slot - 1, &Request::destination, found.destination, Operation::kSetDestination);
  if (states_[slot - 1] == State::kUnchanged) ++changes_.unchanged_destinations;
}

bool Plan::is_busy(const DestinationEntry& found) const {
  const bool has_inactive = found.inactive_connections > 0 && !options_.ignores_inactive;
  return current_.drains && (found.active_connections > 0 || has_inactive);
}

void Plan::remove(const DestinationEntry& found) {
  const Request present = request_for(current_.key, found.destination, Operation::kSetDestination);
  if (!is_busy(found)) {
    auto& deletions = current_.is_wanted ? deletions_ : current_.idle;
    deletions.push_back(with(present, Operation::kDeleteDestination));
    return;
  }
  current_.is_draining = true;
  changes_.draining.push_back(present);
  changes_.connections.push_back(found.active_connections);
  changes_.connections.push_back(found.inactive_connections);
  if (found.destination.weight == 0) return;
  drains_.push_back(changes_.before.size());
  changes_.before.push_back(present);
}

void Plan::end() {
  if (current_.is_wanted) return;
  if (current_.is_draining) {
    deletions_.insert(deletions_.end(), current_.idle.begin(), current_.idle.end());
  } else {
    service_deletions_.push_back(request_for(current_.key, Operation::kDeleteService));
  }
  current_.idle.clear();
}

// Adds the missing destinations of [first, end), the last one first.
void Plan::add_missing(size_t first, size_t end) {
  using enum PlannedChanges::Source;
  for (size_t index = end; index-- > first;) {
    if (states_[index] != State::kMissing) continue;
    changes_.add(Operation::kAddDestination, kWanted, index, 0);
  }
}

// Adds a missing service and its destinations, which end before `end`.
void Plan::add_service(size_t index, size_t end) {
  using enum PlannedChanges::Source;
  changes_.add(Operation::kAddService, kWanted, index, 0);
  const bool builds_table =
      wanted_[index].service.scheduler.view() == kTableScheduler && end - index > kManyDestinations;
  if (builds_table) {
    changes_.add(Operation::kSetService, kUnscheduled, index, PlannedChanges::kAuxiliary);
  }
  add_missing(index + 1, end);
  if (builds_table) {
    changes_.add(Operation::kSetService, kWanted, index, PlannedChanges::kAuxiliary);
  }
}

void Plan::add_all_missing() {
  size_t end = 0;
  for (size_t index = 0; index < wanted_.size(); index = end) {
    end = end_of(index);
    if (states_[index] == State::kMissing) add_service(index, end);
  }
  for (size_t index = 0; index < wanted_.size(); index = end) {
    end = end_of(index);
    if (states_[index] != State::kMissing) add_missing(index + 1, end);
  }
}

void Plan::add_removals(Operation operation, const std::vector<Request>& requests) {
  for (const Request& request : requests) {
    changes_.add(operation, PlannedChanges::Source::kRemoved, changes_.removed_.size(), 0);
    changes_.removed_.push_back(request);
  }
}

PlannedChanges Plan::finish() {
  using Source = PlannedChanges::Source;
  const auto origin_of = [](size_t before) { return static_cast<uint32_t>(before + 1); };
  const auto missing =
      static_cast<size_t>(std::count(states_.begin(), states_.end(), State::kMissing));
  auto& updates = changes_.updates_;
  const size_t expected =
      missing + updates.size() + drains_.size() + deletions_.size() + service_deletions_.size();
  changes_.items_.reserve(expected);
  changes_.operations.reserve(expected);
  changes_.origins.reserve(expected);
  changes_.wanted_ = wanted_;
  changes_.compared_ = options_.compared;

  if (missing > 0) add_all_missing();
  std::sort(updates.begin(), updates.end(),
            [](const auto& a, const auto& b) { return a.index < b.index; });
  for (size_t place = 0; place < updates.size(); ++place) {
    const Operation operation = is_service(wanted_[updates[place].index])
                                    ? Operation::kSetService
                                    : Operation::kSetDestination;
    changes_.add(operation, Source::kMerged, place, origin_of(updates[place].before));
  }
  for (const size_t before : drains_) {
    changes_.add(Operation::kSetDestination, Source::kDrained, before, origin_of(before));
  }
  add_removals(Operation::kDeleteDestination, deletions_);
  add_removals(Operation::kDeleteService, service_deletions_);
  PlannedChanges result = std::move(changes_);
  *this = Plan({}, options_);
  return result;
}

}  // namespace ipvs
