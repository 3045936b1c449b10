#include "ipvs/client.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iterator>
#include <map>
#include <set>

#include "ipvs/changes.h"
#include "ipvs/unique.h"
#include "netlink/error.h"

namespace ipvs {
namespace {

using netlink::Attributes;
using netlink::Error;
using netlink::Failure;

/// What names a destination in the whole table.
struct DestinationPath {
  ServiceKey service;
  DestinationKey destination;
};
static_assert(std::has_unique_object_representations_v<DestinationPath>);

struct ByteOrder {
  template <typename Key>
  bool operator()(const Key& a, const Key& b) const {
    return std::memcmp(&a, &b, sizeof a) < 0;
  }
};

}  // namespace

/// What an operation takes: the method that answers it, and its command, if one is enough. An
/// ensure tries `command`, and where the object is missing `create`.
struct Client::Rule {
  Operation operation;
  void (Client::*run)(Range);
  const Command* command = nullptr;
  const Command* create = nullptr;
};

constexpr Client::Rule Client::kRules[] = {
    {Operation::kAddService, &Client::run_commands, &kNewService},
    {Operation::kUpdateService, &Client::run_service_updates},
    {Operation::kEnsureService, &Client::run_ensures, &kSetService, &kNewService},
    {Operation::kDeleteService, &Client::run_commands, &kDeleteService},
    {Operation::kGetService, &Client::run_commands, &kGetService},
    {Operation::kListServices, &Client::run_lists},
    {Operation::kAddDestination, &Client::run_commands, &kNewDestination},
    {Operation::kUpdateDestination, &Client::run_destination_updates},
    {Operation::kEnsureDestination, &Client::run_ensures, &kSetDestination, &kNewDestination},
    {Operation::kDeleteDestination, &Client::run_commands, &kDeleteDestination},
    {Operation::kGetDestination, &Client::run_lists},
    {Operation::kListDestinations, &Client::run_lists},
    {Operation::kSnapshot, &Client::run_lists},
    {Operation::kFlush, &Client::run_commands, &kFlush},
    {Operation::kGetInfo, &Client::run_commands, &kGetInfo},
    {Operation::kGetTimeouts, &Client::run_commands, &kGetTimeouts},
    {Operation::kSetTimeouts, &Client::run_commands, &kSetTimeouts},
    {Operation::kZero, &Client::run_commands, &kZero},
    {Operation::kListSyncDaemons, &Client::run_lists},
    {Operation::kStartSyncDaemon, &Client::run_commands, &kStartDaemon},
    {Operation::kStopSyncDaemon, &Client::run_commands, &kStopDaemon},
};

const Client::Rule& Client::rule_of(uint32_t operation) {
  static_assert(std::size(kRules) == static_cast<size_t>(Operation::kCount));
  static constexpr Rule kUnknown{Operation::kCount, &Client::run_unknown};
  return operation < std::size(kRules) ? kRules[operation] : kUnknown;
}

Client::Client(const netlink::Namespace& netns) : channel_(netns) {
  const Step step{.command = &kGetInfo};
  const auto failures = channel_.run({&step, 1}, [](size_t, Attributes) {});
  if (!failures.empty()) throw Error(failures[0].error, "IPVS_CMD_GET_INFO", failures[0].text);
}

Results Client::run(std::span<const Request> requests) {
  requests_ = requests;
  results_ = {};
  results_.outcomes.resize(requests.size());
  for (Range range{0, 0}; range.first < requests.size(); range.first = range.last) {
    const auto run = rule_of(requests[range.first].operation).run;
    range.last = range.first + 1;
    while (range.last < requests.size() && rule_of(requests[range.last].operation).run == run) {
      ++range.last;
    }
    (this->*run)(range);
  }
  return std::move(results_);
}

Step Client::step_of(size_t request, const Command& command) const {
  const Request& wanted = requests_[request];
  return {&command, &wanted.service, &wanted.destination, &wanted.daemon, &wanted.timeouts};
}

void Client::done(size_t request) {
  results_.outcomes[request].status = static_cast<uint32_t>(Status::kDone);
}

bool Client::is_pending(size_t request) const {
  return results_.outcomes[request].status == static_cast<uint32_t>(Status::kPending);
}

void Client::fail(size_t request, Status status, int error, const std::string& text) {
  Outcome& outcome = results_.outcomes[request];
  outcome.status = static_cast<uint32_t>(status);
  outcome.error = error;
  if (text.empty()) return;
  results_.texts.push_back(text);
  outcome.text = static_cast<uint32_t>(results_.texts.size());
}

void Client::fail(size_t request, const Failure& failure) {
  static constexpr Status kStatus[] = {Status::kRefused, Status::kLost, Status::kNotSent};
  const bool gone = failure.error == ENOENT && !channel_.available();
  fail(request, gone ? Status::kUnavailable : kStatus[static_cast<size_t>(failure.fate)],
       failure.error, failure.text);
}

// Carries out a reading; what it throws is the request's failure.
template <typename Action>
void Client::attempt(size_t request, Action action) {
  try {
    action();
  } catch (const Error& error) {
    static constexpr int kTransport[] = {EBADMSG, EINTR, ENOBUFS, ETIMEDOUT};
    const int* end = std::end(kTransport);
    const bool lost = std::find(std::begin(kTransport), end, error.error()) != end;
    const auto fate = lost ? netlink::Fate::kLost : netlink::Fate::kRefused;
    fail(request, Failure{request, error.error(), fate, error.text()});
  }
}

void Client::run_unknown(Range range) {
  for (size_t request = range.first; request < range.last; ++request) {
    fail(request, Status::kNotSent, EOPNOTSUPP);
  }
}

void Client::run_commands(Range range) {
  std::vector<Step> steps;
  for (size_t request = range.first; request < range.last; ++request) {
    steps.push_back(step_of(request, *rule_of(requests_[request].operation).command));
    done(request);
  }
  const auto failures = channel_.run(steps, [&](size_t step, Attributes attributes) {
    read_reply(range.first + step, attributes);
  });
  for (const Failure& failure : failures) fail(range.first + failure.index, failure);
}

void Client::read_reply(size_t request, Attributes attributes) {
  Outcome& outcome = results_.outcomes[request];
  const auto take = [&](const auto& read, auto& into) {
    if (read) into = *read;
    if (!read) fail(request, Status::kLost, EBADMSG);
    return read.has_value();
  };
  switch (static_cast<Operation>(requests_[request].operation)) {
    case Operation::kGetInfo:
      take(read_info(attributes), outcome.info);
      return;
    case Operation::kGetTimeouts:
      take(read_timeouts(attributes), outcome.timeouts);
      return;
    default: {
      ServiceEntry entry{};
      if (!take(read_service(attributes), entry)) return;
      outcome.first_service = static_cast<uint32_t>(results_.services.size());
      outcome.services = 1;
      results_.services.push_back(entry);
    }
  }
}

// Changes what is there, and creates what is not. Both ways are tried again when another writer is
// faster, and in one order: the destinations of a service that is missing come after it.
void Client::run_ensures(Range range) {
  constexpr int kRounds = 6;
  std::vector<size_t> pending;
  for (size_t request = range.first; request < range.last; ++request) pending.push_back(request);

  for (int round = 1; !pending.empty(); ++round) {
    const bool creating = round % 2 == 0;
    std::vector<Step> steps;
    for (const size_t request : pending) {
      const Rule& rule = rule_of(requests_[request].operation);
      steps.push_back(step_of(request, creating ? *rule.create : *rule.command));
      results_.outcomes[request].created = creating;
      done(request);
    }
    std::vector<size_t> again;
    for (const Failure& failure : channel_.run(steps, [](size_t, Attributes) {})) {
      const size_t request = pending[failure.index];
      const bool service = steps[failure.index].command->service == Part::kFull;
      // ENOENT of a service is a missing scheduler or engine, which creating would not mend.
      const bool absent = failure.error == ESRCH || (!service && failure.error == ENOENT);
      const bool other_way = creating ? failure.error == EEXIST : absent;
      if (failure.fate == netlink::Fate::kRefused && other_way && round < kRounds) {
        again.push_back(request);
      } else {
        fail(request, failure);
      }
    }
    pending = std::move(again);
  }
}

// An update must see what the one before it wrote: where a key comes again, another exchange
// begins.
void Client::run_service_updates(Range range) {
  std::set<ServiceKey, ByteOrder> seen;
  Range part{range.first, range.first};
  for (; part.last < range.last; ++part.last) {
    if (seen.insert(requests_[part.last].service.key).second) continue;
    update_services(part);
    part.first = part.last;
    seen = {requests_[part.last].service.key};
  }
  update_services(part);
}

void Client::update_services(Range range) {
  std::vector<Step> steps;
  for (size_t request = range.first; request < range.last; ++request) {
    steps.push_back(step_of(request, kGetService));
  }
  std::vector<std::optional<ServiceEntry>> current(steps.size());
  const auto unread = channel_.run(
      steps, [&](size_t step, Attributes attributes) { current[step] = read_service(attributes); });
  for (const Failure& failure : unread) fail(range.first + failure.index, failure);

  std::vector<Service> updated(current.size());
  std::vector<size_t> sent;
  steps.clear();
  for (size_t i = 0; i < current.size(); ++i) {
    const size_t request = range.first + i;
    if (is_pending(request) && !current[i]) fail(request, Status::kLost, EBADMSG);
    if (!is_pending(request)) continue;
    const Request& wanted = requests_[request];
    updated[i] = apply_changes(current[i]->service, wanted.service, wanted.changes);
    const Status status = check_changes(updated[i], wanted.flags_owner);
    if (status != Status::kDone) {
      fail(request, status, EINVAL);
      continue;
    }
    steps.push_back({.command = &kSetService, .service = &updated[i]});
    sent.push_back(request);
  }
  send_updates(steps, sent);
}

void Client::run_destination_updates(Range range) {
  std::set<DestinationPath, ByteOrder> seen;
  const auto path_of = [&](size_t request) {
    return DestinationPath{requests_[request].service.key, requests_[request].destination.key};
  };
  Range part{range.first, range.first};
  for (; part.last < range.last; ++part.last) {
    if (seen.insert(path_of(part.last)).second) continue;
    update_destinations(part);
    part.first = part.last;
    seen = {path_of(part.last)};
  }
  update_destinations(part);
}

// The kernel has no query for one destination: the list of each service is read, once for
// neighbours.
void Client::update_destinations(Range range) {
  std::vector<Destination> updated(range.last - range.first);
  std::vector<Step> steps;
  std::vector<size_t> sent;
  std::vector<DestinationEntry> entries;
  std::optional<ServiceKey> listed;
  for (size_t request = range.first; request < range.last; ++request) {
    const Request& wanted = requests_[request];
    attempt(request, [&] {
      const ServiceKey& service = wanted.service.key;
      if (!listed || std::memcmp(&*listed, &service, sizeof service) != 0) {
        listed.reset();
        entries.clear();
        channel_.list_destinations(service, entries);
        listed = service;
      }
      Destination& result = updated[request - range.first];
      const Destination& current =
          find_destination(service, wanted.destination.key, entries).destination;
      result = apply_changes(current, wanted.destination, wanted.changes);
      const Status status = check_changes(result, wanted.changes);
      if (status != Status::kDone) return fail(request, status, EINVAL);
      steps.push_back(
          {.command = &kSetDestination, .service = &wanted.service, .destination = &result});
      sent.push_back(request);
    });
  }
  send_updates(steps, sent);
}

void Client::send_updates(const std::vector<Step>& steps, const std::vector<size_t>& requests) {
  for (const size_t request : requests) done(request);
  for (const Failure& failure : channel_.run(steps, [](size_t, Attributes) {})) {
    fail(requests[failure.index], failure);
  }
}

const DestinationEntry& Client::find_destination(const ServiceKey& service,
                                                 const DestinationKey& key,
                                                 const std::vector<DestinationEntry>& entries) {
  const auto found = std::find_if(entries.begin(), entries.end(), [&](const auto& entry) {
    return std::memcmp(&key_of(entry), &key, sizeof key) == 0;
  });
  if (found != entries.end()) return *found;
  if (entries.empty()) require_service(service);
  throw Error(ENOENT, "IPVS_CMD_GET_DEST");
}

// For an empty list, which is also what the kernel says of a service that is not there.
void Client::require_service(const ServiceKey& service) {
  if (!channel_.find_service(service)) throw Error(ESRCH, "IPVS_CMD_GET_DEST");
}

void Client::run_lists(Range range) {
  for (size_t request = range.first; request < range.last; ++request) {
    attempt(request, [&] {
      list(requests_[request], results_.outcomes[request]);
      done(request);
    });
  }
}

void Client::list(const Request& request, Outcome& outcome) {
  auto& services = results_.services;
  auto& destinations = results_.destinations;
  const size_t first_service = services.size();
  const size_t first_destination = destinations.size();
  const size_t first_daemon = results_.daemons.size();
  const ServiceKey& service = request.service.key;

  switch (static_cast<Operation>(request.operation)) {
    case Operation::kListDestinations:
      channel_.list_destinations(service, destinations);
      if (destinations.size() == first_destination) require_service(service);
      break;
    case Operation::kGetDestination: {
      std::vector<DestinationEntry> entries;
      channel_.list_destinations(service, entries);
      destinations.push_back(find_destination(service, request.destination.key, entries));
      break;
    }
    case Operation::kListSyncDaemons:
      channel_.list_daemons(results_.daemons);
      break;
    case Operation::kSnapshot:
      channel_.list_services(services);
      for (size_t i = first_service; i < services.size(); ++i) {
        const size_t first = destinations.size();
        channel_.list_destinations(services[i].service.key, destinations);
        services[i].first_destination = static_cast<uint32_t>(first);
        services[i].destinations = static_cast<uint32_t>(destinations.size() - first);
      }
      break;
    default:
      channel_.list_services(services);
      break;
  }
  outcome.first_service = static_cast<uint32_t>(first_service);
  outcome.services = static_cast<uint32_t>(services.size() - first_service);
  outcome.first_destination = static_cast<uint32_t>(first_destination);
  outcome.destinations = static_cast<uint32_t>(destinations.size() - first_destination);
  outcome.first_daemon = static_cast<uint32_t>(first_daemon);
  outcome.daemons = static_cast<uint32_t>(results_.daemons.size() - first_daemon);
}

}  // namespace ipvs
