#include "ipvs/client.h"

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <utility>

#include "ipvs/duplicates.h"
#include "os/error.h"

namespace ipvs {
namespace {

using netlink::Attributes;
using netlink::Failure;
using os::Error;

// Whether a failure says that the object of an ensure is not there, or is there after all.
bool calls_for_the_other_way(const Failure& failure, const CommandFormat& command, bool creating) {
  if (failure.status == netlink::Status::kLost) return true;  // trying again harms nothing
  if (failure.status == netlink::Status::kNotSent) return false;
  if (creating) return failure.error == EEXIST;
  // ENOENT of a service is a missing scheduler or engine, which creating would not mend.
  const bool service = command.service == Fields::kFull;
  return failure.error == ESRCH || (!service && failure.error == ENOENT);
}

}  // namespace

/// What an operation takes: the method that answers it, and its command, if one is enough. An
/// ensure tries `command`, and where the object is missing `create`.
struct Client::Rule {
  Operation operation;
  void (Client::*run)(Range);
  const CommandFormat* command = nullptr;
  const CommandFormat* create = nullptr;
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

Client::Client(netlink::Socket socket) : transport_(std::move(socket)) { check_rights(); }

Client::Client(const std::shared_ptr<const os::Namespace>& netns) : transport_(netns) {
  check_rights();
}

void Client::check_rights() {
  const Command step{.command = &kGetInfo};
  const auto failures = transport_.run({&step, 1}, [](size_t, Attributes) {});
  if (!failures.empty()) throw Error(failures[0].error, "IPVS_CMD_GET_INFO", failures[0].text);
}

Response Client::run(std::span<const Request> requests, Response memory) {
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

Response Client::run_until_failure(std::span<const Request> requests, Response memory) {
  begin(requests, std::move(memory));
  size_t request = 0;
  for (bool failed = false; request < requests.size() && !failed; ++request) {
    (this->*rule_of(requests[request].operation).run)({request, request + 1});
    failed = !response_.is_done(request);
  }
  for (; request < requests.size(); ++request) response_.fail(request, kSkipped, 0);
  return end();
}

Response Client::end() {
  lengths_ = {response_.services.size(), response_.destinations.size()};
  return std::move(response_);
}

void Client::begin(std::span<const Request> requests, Response memory) {
  requests_ = requests;
  transport_.resume();
  for (Modules* each : {&tried_, &missing_, &late_}) each->clear();
  memory.clear();
  memory.results.resize(requests.size());
  // Lists are mostly as long as the last ones were.
  memory.services.reserve(lengths_.services);
  memory.destinations.reserve(lengths_.destinations);
  response_ = std::move(memory);
}

Command Client::step_of(size_t request, const CommandFormat& command) const {
  const Request& wanted = requests_[request];
  return {&command, &wanted.service, &wanted.destination, &wanted.daemon, &wanted.timeouts};
}

void Client::fail(size_t request, const Failure& failure) {
  const bool gone = failure.error == ENOENT && !transport_.available();
  response_.fail(request, gone ? kUnavailable : failure.status, failure.error, failure.text);
}

// Carries out a reading; what it throws is the request's failure.
void Client::attempt(size_t request, const std::function<void()>& action) {
  if (transport_.stalled()) return response_.fail(request, Status::kNotSent, ETIMEDOUT);
  try {
    action();
  } catch (const Error& error) {
    fail(request, netlink::failure_of(request, error));
  }
}

void Client::run_unknown(Range range) {
  for (size_t request = range.first; request < range.last; ++request) {
    response_.fail(request, Status::kNotSent, EOPNOTSUPP);
  }
}

void Client::run_commands(Range range) {
  std::vector<Command> steps;
  for (size_t request = range.first; request < range.last; ++request) {
    steps.push_back(step_of(request, *rule_of(requests_[request].operation).command));
    response_.set_done(request);
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
std::vector<Failure> Client::exchange(const std::vector<Command>& steps,
                                      const Transport::OnReply& on_reply) {
  std::vector<Failure> failures;
  Modules absent;
  size_t allowed = 1;
  for (size_t first = 0; first < steps.size();) {
    std::vector<Command> sent;
    std::vector<size_t> indexes;
    size_t unknown = 0;
    size_t index = first;
    for (; index < steps.size() && unknown < allowed; ++index) {
      const auto modules = modules_of(steps[index]);
      if (modules && !present_.contains(*modules) && !tried_.contains(*modules)) {
        const bool loading = !transport_.stalled() && transport_.may_load(*steps[index].service);
        // What comes before it is not to wait for it.
        if (loading && !sent.empty()) break;
        tried_.insert(*modules);
        if (loading) load(*steps[index].service, *modules);
      }
      if (modules && late_.contains(*modules)) {
        failures.push_back({index, ETIMEDOUT, netlink::Status::kNotSent, {}});
        continue;
      }
      if (modules && missing_.contains(*modules)) {
        if (!sent.empty()) break;
        failures.push_back(refuse(index, steps[index]));
        continue;
      }
      if (modules && absent.contains(*modules)) {
        failures.push_back({index, ENOENT, netlink::Status::kRefused, {}});
        continue;
      }
      if (modules && !present_.contains(*modules)) ++unknown;
      sent.push_back(steps[index]);
      indexes.push_back(index);
    }
    first = index;
    auto refused = transport_.run(
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
  const Transport::Modules result = transport_.load(service);
  if (result == Transport::Modules::kPresent) present_.insert(names);
  if (result == Transport::Modules::kAbsent) missing_.insert(names);
  if (result == Transport::Modules::kLate) late_.insert(names);
}

// The kernel's verdict on a step whose modules are missing: it looks for the service first.
Failure Client::refuse(size_t index, const Command& step) {
  try {
    const bool exists = transport_.find_service(step.service->key).has_value();
    const bool creates = step.command->id == IPVS_CMD_NEW_SERVICE;
    const int other = creates ? EEXIST : ESRCH;
    return {index, exists == creates ? other : ENOENT, netlink::Status::kRefused, {}};
  } catch (const Error& error) {
    Failure failure = netlink::failure_of(index, error);
    // The step itself was not sent.
    if (failure.status == netlink::Status::kLost) failure.status = netlink::Status::kNotSent;
    return failure;
  }
}

std::optional<Client::ModuleNames> Client::modules_of(const Command& step) {
  if (step.command->service != Fields::kFull) return std::nullopt;
  return ModuleNames{std::string(step.service->scheduler.view()),
                     std::string(step.service->engine.view())};
}

// What the outcome of steps says of the modules that they name: success that they are there, ENOENT
// that one is not, anything else nothing.
void Client::learn(std::span<const Command> steps, const std::vector<Failure>& failures,
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
  Result& result = response_.results[request];
  const auto take = [&](const auto& read, auto& into) {
    if (read) into = *read;
    if (!read) response_.fail(request, Status::kLost, EBADMSG);
    return read.has_value();
  };
  switch (static_cast<Operation>(requests_[request].operation)) {
    case Operation::kGetInfo:
      take(read_info(attributes), result.info);
      return;
    case Operation::kGetTimeouts:
      take(read_timeouts(attributes), result.timeouts);
      return;
    default: {
      ServiceEntry entry{};
      if (!take(read_service(attributes), entry)) return;
      result.first_service = static_cast<uint32_t>(response_.services.size());
      result.services = 1;
      response_.services.push_back(entry);
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
    std::vector<Command> steps;
    for (const size_t request : pending) {
      const Rule& rule = rule_of(requests_[request].operation);
      steps.push_back(step_of(request, creating ? *rule.create : *rule.command));
      response_.results[request].created = creating;
      response_.set_done(request);
    }
    std::vector<size_t> again;
    for (const Failure& failure : exchange(steps)) {
      const size_t request = pending[failure.index];
      const CommandFormat& command = *steps[failure.index].command;
      const bool again_possible = round < kRounds && !transport_.stalled();
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
  if (!transport_.find_service(service)) throw Error(ESRCH, "IPVS_CMD_GET_DEST");
}

void Client::run_lists(Range range) {
  for (size_t request = range.first; request < range.last; ++request) {
    attempt(request, [&] {
      list(requests_[request], response_.results[request]);
      response_.set_done(request);
    });
  }
}

void Client::list(const Request& request, Result& result) {
  auto& services = response_.services;
  auto& destinations = response_.destinations;
  const size_t first_service = services.size();
  const size_t first_destination = destinations.size();
  const size_t first_daemon = response_.daemons.size();
  const ServiceKey& service = request.service.key;

  switch (static_cast<Operation>(request.operation)) {
    case Operation::kListDestinations:
      transport_.list_destinations(service, destinations);
      if (destinations.size() == first_destination) require_service(service);
      break;
    case Operation::kGetDestination: {
      std::vector<DestinationEntry> entries;
      transport_.list_destinations(service, entries);
      destinations.push_back(find_destination(service, request.destination.key, entries));
      break;
    }
    case Operation::kListSyncDaemons:
      transport_.list_daemons(response_.daemons);
      break;
    default:
      transport_.list_services(services);
      break;
  }
  result.first_service = static_cast<uint32_t>(first_service);
  result.services = static_cast<uint32_t>(services.size() - first_service);
  result.first_destination = static_cast<uint32_t>(first_destination);
  result.destinations = static_cast<uint32_t>(destinations.size() - first_destination);
  result.first_daemon = static_cast<uint32_t>(first_daemon);
  result.daemons = static_cast<uint32_t>(response_.daemons.size() - first_daemon);
}

}  // namespace ipvs
