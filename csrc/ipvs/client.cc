#include "ipvs/client.h"

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <utility>

#include "ipvs/unique.h"
#include "os/error.h"

namespace ipvs {
namespace {

using netlink::Attributes;
using netlink::Failure;
using os::Error;

// Whether a failure says that the object of an ensure is not there, or is there after all.
bool calls_for_the_other_way(const Failure& failure, const Command& command, bool creating) {
  if (failure.fate == netlink::Fate::kLost) return true;  // trying again harms nothing
  if (failure.fate == netlink::Fate::kNotSent) return false;
  if (creating) return failure.error == EEXIST;
  // ENOENT of a service is a missing scheduler or engine, which creating would not mend.
  const bool service = command.service == Part::kFull;
  return failure.error == ESRCH || (!service && failure.error == ENOENT);
}

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

Client::Client(netlink::Socket socket) : channel_(std::move(socket)) { check_rights(); }

Client::Client(const std::shared_ptr<const os::Namespace>& netns) : channel_(netns) {
  check_rights();
}

void Client::check_rights() {
  const Step step{.command = &kGetInfo};
  const auto failures = channel_.run({&step, 1}, [](size_t, Attributes) {});
  if (!failures.empty()) throw Error(failures[0].error, "IPVS_CMD_GET_INFO", failures[0].text);
}

Results Client::run(std::span<const Request> requests, Results memory) {
  begin(requests, std::move(memory));
  for (Range range{0, 0}; range.first < requests.size(); range.first = range.last) {
    const auto run = rule_of(requests[range.first].operation).run;
    range.last = range.first + 1;
    while (range.last < requests.size() && rule_of(requests[range.last].operation).run == run) {
      ++range.last;
    }
    (this->*run)(range);
  }
  return end();
}

Results Client::run_until_failure(std::span<const Request> requests, Results memory) {
  begin(requests, std::move(memory));
  size_t request = 0;
  for (bool failed = false; request < requests.size() && !failed; ++request) {
    (this->*rule_of(requests[request].operation).run)({request, request + 1});
    failed = !results_.is_done(request);
  }
  for (; request < requests.size(); ++request) results_.fail(request, kSkipped, 0);
  return end();
}

Results Client::end() {
  lengths_ = {results_.services.size(), results_.destinations.size()};
  return std::move(results_);
}

void Client::begin(std::span<const Request> requests, Results memory) {
  requests_ = requests;
  channel_.resume();
  for (Modules* each : {&tried_, &missing_, &late_}) each->clear();
  memory.clear();
  memory.outcomes.resize(requests.size());
  // Lists are mostly as long as the last ones were.
  memory.services.reserve(lengths_.services);
  memory.destinations.reserve(lengths_.destinations);
  results_ = std::move(memory);
}

Step Client::step_of(size_t request, const Command& command) const {
  const Request& wanted = requests_[request];
  return {&command, &wanted.service, &wanted.destination, &wanted.daemon, &wanted.timeouts};
}

void Client::fail(size_t request, const Failure& failure) {
  const bool gone = failure.error == ENOENT && !channel_.available();
  results_.fail(request, gone ? kUnavailable : netlink::status_of(failure.fate), failure.error,
                failure.text);
}

// Carries out a reading; what it throws is the request's failure.
void Client::attempt(size_t request, const std::function<void()>& action) {
  if (channel_.stalled()) return results_.fail(request, Status::kNotSent, ETIMEDOUT);
  try {
    action();
  } catch (const Error& error) {
    fail(request, netlink::failure_of(request, error));
  }
}

void Client::run_unknown(Range range) {
  for (size_t request = range.first; request < range.last; ++request) {
    results_.fail(request, Status::kNotSent, EOPNOTSUPP);
  }
}

void Client::run_commands(Range range) {
  std::vector<Step> steps;
  for (size_t request = range.first; request < range.last; ++request) {
    steps.push_back(step_of(request, *rule_of(requests_[request].operation).command));
    results_.done(request);
  }
  const auto failures = exchange(steps, [&](size_t step, Attributes attributes) {
    read_reply(range.first + step, attributes);
  });
  for (const Failure& failure : failures) fail(range.first + failure.index, failure);
}

// Runs steps. A scheduler or engine that the kernel lacks costs it a modprobe each time it is
// named, during which other users of generic netlink may have to wait. So steps that name one of
// which we do not know yet leave a few at a time, until one of them tells; and where it is absent,
// the others get its verdict without being sent.
std::vector<Failure> Client::exchange(const std::vector<Step>& steps,
                                      const Channel::OnReply& on_reply) {
  std::vector<Failure> failures;
  Modules absent;
  size_t allowed = 1;
  for (size_t first = 0; first < steps.size();) {
    std::vector<Step> sent;
    std::vector<size_t> indexes;
    size_t unknown = 0;
    size_t index = first;
    for (; index < steps.size() && unknown < allowed; ++index) {
      const auto modules = modules_of(steps[index]);
      if (modules && !present_.contains(*modules) && !tried_.contains(*modules)) {
        const bool loading = !channel_.stalled() && channel_.may_load(*steps[index].service);
        // What comes before it is not to wait for it.
        if (loading && !sent.empty()) break;
        tried_.insert(*modules);
        if (loading) load(*steps[index].service, *modules);
      }
      if (modules && late_.contains(*modules)) {
        failures.push_back({index, ETIMEDOUT, netlink::Fate::kNotSent, {}});
        continue;
      }
      if (modules && missing_.contains(*modules)) {
        if (!sent.empty()) break;
        failures.push_back(refuse(index, steps[index]));
        continue;
      }
      if (modules && absent.contains(*modules)) {
        failures.push_back({index, ENOENT, netlink::Fate::kRefused, {}});
        continue;
      }
      if (modules && !present_.contains(*modules)) ++unknown;
      sent.push_back(steps[index]);
      indexes.push_back(index);
    }
    first = index;
    auto refused = channel_.run(
        sent, [&](size_t step, Attributes attributes) { on_reply(indexes[step], attributes); });
    learn(sent, refused, absent);
    allowed *= 2;
    for (Failure& failure : refused) {
      failure.index = indexes[failure.index];
      failures.push_back(std::move(failure));
    }
  }
  std::sort(failures.begin(), failures.end(),
            [](const Failure& a, const Failure& b) { return a.index < b.index; });
  return failures;
}

// Makes the kernel load what a service names, before anything is sent that would hold up the
// others.
void Client::load(const Service& service, const ModuleNames& names) {
  const Channel::Modules outcome = channel_.load(service);
  if (outcome == Channel::Modules::kPresent) present_.insert(names);
  if (outcome == Channel::Modules::kAbsent) missing_.insert(names);
  if (outcome == Channel::Modules::kLate) late_.insert(names);
}

// The kernel's verdict on a step whose modules are missing: it looks for the service first.
Failure Client::refuse(size_t index, const Step& step) {
  try {
    const bool exists = channel_.find_service(step.service->key).has_value();
    const bool creates = step.command->id == IPVS_CMD_NEW_SERVICE;
    const int other = creates ? EEXIST : ESRCH;
    return {index, exists == creates ? other : ENOENT, netlink::Fate::kRefused, {}};
  } catch (const Error& error) {
    Failure failure = netlink::failure_of(index, error);
    // The step itself was not sent.
    if (failure.fate == netlink::Fate::kLost) failure.fate = netlink::Fate::kNotSent;
    return failure;
  }
}

std::optional<Client::ModuleNames> Client::modules_of(const Step& step) {
  if (step.command->service != Part::kFull) return std::nullopt;
  return ModuleNames{std::string(step.service->scheduler.view()),
                     std::string(step.service->engine.view())};
}

// What the outcome of steps says of the modules that they name: success that they are there, ENOENT
// that one is not, anything else nothing.
void Client::learn(std::span<const Step> steps, const std::vector<Failure>& failures,
                   Modules& absent) {
  auto failure = failures.begin();
  for (size_t index = 0; index < steps.size(); ++index) {
    const bool failed = failure != failures.end() && failure->index == index;
    if (const auto modules = modules_of(steps[index])) {
      if (!failed) present_.insert(*modules);
      if (failed && failure->error == ENOENT) absent.insert(*modules);
    }
    if (failed) ++failure;
  }
}

void Client::read_reply(size_t request, Attributes attributes) {
  Outcome& outcome = results_.outcomes[request];
  const auto take = [&](const auto& read, auto& into) {
    if (read) into = *read;
    if (!read) results_.fail(request, Status::kLost, EBADMSG);
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
      results_.done(request);
    }
    std::vector<size_t> again;
    for (const Failure& failure : exchange(steps)) {
      const size_t request = pending[failure.index];
      const Command& command = *steps[failure.index].command;
      const bool again_possible = round < kRounds && !channel_.stalled();
      if (again_possible && calls_for_the_other_way(failure, command, creating)) {
        again.push_back(request);
      } else {
        fail(request, failure);
      }
    }
    pending = std::move(again);
  }
}

const DestinationEntry& Client::find_destination(const ServiceKey& service,
                                                 const DestinationKey& key,
                                                 const std::vector<DestinationEntry>& entries) {
  const auto found = std::find_if(entries.begin(), entries.end(),
                                  [&](const auto& entry) { return same(key_of(entry), key); });
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
      results_.done(request);
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
