// Plans the changes that give a namespace its wanted services and destinations. No input or output.
//
// Order of calls: note() every service; prune(); then for each service that next() returns, note()
//   its destinations and end(); finally finish().
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "ipvs/request.h"
#include "netlink/slots.h"

namespace ipvs {

/// Options of a plan: the settings that it compares, and how it removes destinations.
struct PlanOptions {
  /// The settings that are compared (Changes). The others keep the kernel's values.
  uint32_t compared = ~0U;
  /// If true, destinations with connections get weight 0 instead of being deleted.
  bool drains = false;
  /// Destinations of services of these protocols are drained, a bit for each: kDrainTcp ... Those
  /// of firewall marks always are.
  uint32_t drained_protocols = 0;
  /// If true, a destination that has only inactive connections is deleted.
  bool ignores_inactive = false;

  static constexpr uint32_t kDrainTcp = 1U << 0;
  static constexpr uint32_t kDrainUdp = 1U << 1;
  static constexpr uint32_t kDrainSctp = 1U << 2;
};

/// The changes of a plan: requests in the order of their execution, which are made when they are
/// asked for. Refers to the wanted requests of the plan, which must outlive it.
class PlannedChanges {
 public:
  /// In `origins`: the request belongs to the change before or after it.
  static constexpr uint32_t kAuxiliary = ~0U;

  /// The number of requests.
  size_t size() const { return items_.size(); }
  bool empty() const { return items_.empty(); }
  /// Writes the requests from `first` on, as many as `to` has room for.
  void write(size_t first, std::span<Request> to) const;
  /// Returns all requests.
  std::vector<Request> requests() const;

  /// The operation of each request.
  std::vector<uint8_t> operations;
  /// For each request: of an update, 1 + the index in `before`; of an addition or a deletion, 0; or
  /// kAuxiliary.
  std::vector<uint32_t> origins;
  /// The services and destinations that updates change, as they are.
  std::vector<Request> before;
  /// The destinations that are not wanted and have connections, with the numbers of their active
  /// and inactive connections.
  std::vector<Request> draining;
  std::vector<uint32_t> connections;
  uint32_t unchanged_services = 0;
  uint32_t unchanged_destinations = 0;

 private:
  friend class Plan;

  /// The source of a request.
  enum class Source : uint8_t {
    kWanted,       // an object to add: an index in wanted_
    kUnscheduled,  // the same service without a scheduler
    kMerged,       // an object to update: an index in updates_
    kDrained,      // a destination to drain: an index in `before`
    kRemoved,      // an index in removed_
  };
  struct Item {
    uint32_t index;
    Source source;
  };
  struct Update {
    uint32_t index;   // in wanted_
    uint32_t before;  // in `before`
  };

  void add(Operation operation, Source source, size_t index, uint32_t origin);
  Request request_of(const Item& item) const;

  std::span<const Request> wanted_;
  uint32_t compared_ = 0;
  std::vector<Item> items_;
  std::vector<Update> updates_;
  std::vector<Request> removed_;
};

/// Performance: stores nothing about objects that stay as they are but a byte of each wanted one,
///   and no copy of those to add, because touching new memory is the main cost of a large table.
class Plan {
 public:
  /// @param wanted kEnsureService for a service with its destinations, which kEnsureDestination
  ///   requests follow; kUpdateService for a service whose destinations are left alone. Must
  ///   outlive the plan
  Plan(std::span<const Request> wanted, const PlanOptions& options);

  /// The indexes of two wanted objects that have the same key. A plan with duplicates is of no use.
  std::optional<std::pair<size_t, size_t>> duplicate() const { return duplicate_; }

  /// Notes a service of the table.
  void note(const ServiceEntry& found);
  /// The noted services that are not wanted, in the order in which they were noted.
  std::span<const ServiceEntry> unwanted() const { return unwanted_; }
  /// Says which of the unwanted services may be deleted: a byte for each, 0 for no.
  void prune(std::span<const uint8_t> flags);

  /// Returns the next service whose destinations the plan has to know, or null.
  const ServiceKey* next();
  /// Notes a destination of that service.
  void note(const DestinationEntry& found);
  /// Ends the destinations of that service.
  void end();

  /// Returns the changes, in an order that interrupts no traffic:
  ///
  /// 1. Missing services, each with its destinations. Of each service the last wanted destination
  ///    is added first, since the kernel lists the newest first: its list then has the wanted
  ///    order.
  /// 2. Missing destinations of other services, in the same order.
  /// 3. Updates of services and of destinations.
  /// 4. Weight 0 for destinations to drain; deletions of destinations, and of services.
  ///
  /// A service with the scheduler mh and many destinations has no scheduler while they are added:
  /// mh builds its table anew after each destination. Afterwards the plan is empty: nothing is
  /// wanted, and nothing was noted.
  PlannedChanges finish();

 private:
  enum class State : uint8_t { kMissing, kUnchanged, kChanged };
  uint32_t& slot_of(const ServiceKey& service, const DestinationKey* destination);
  bool has_key(size_t index, const ServiceKey& service, const DestinationKey* destination) const;
  uint32_t find(const DestinationKey& destination);
  void want(size_t index);
  size_t end_of(size_t service) const;
  template <typename Object>
  void compare(size_t index, Object Request::*member, const Object& found, Operation operation);
  void remove(const DestinationEntry& found);
  bool is_busy(const DestinationEntry& found) const;
  void add_missing(size_t first, size_t end);
  void add_service(size_t index, size_t end);
  void add_all_missing();
  void add_removals(Operation operation, const std::vector<Request>& requests);

  std::span<const Request> wanted_;
  PlanOptions options_;
  netlink::Slots slots_;       // of indexes in wanted_
  std::vector<State> states_;  // of each wanted object
  std::optional<std::pair<size_t, size_t>> duplicate_;

  std::vector<ServiceEntry> unwanted_;
  std::vector<uint32_t> to_read_;    // the indexes in wanted_ of services whose destinations matter
  std::vector<uint32_t> to_delete_;  // the indexes in unwanted_ of services that may be deleted
  size_t read_ = 0;                  // how many of both next() has returned

  // The service that next() has returned.
  struct {
    ServiceKey key;
    bool is_wanted;  // if not, it may be deleted
    bool drains;
    bool is_draining;
    size_t last;  // index in wanted_ of the destination that was found last, or of the service
    std::vector<Request> idle;  // deletions of its destinations, if it is not wanted
  } current_{};

  std::vector<size_t> drains_;  // indexes in changes_.before
  std::vector<Request> deletions_;
  std::vector<Request> service_deletions_;
  PlannedChanges changes_;
};

}  // namespace ipvs
