#include "ipvs/client.h"

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <utility>

#include "ipvs/duplicates.h"

namespace ipvs {
namespace {

using netlink::Attributes;
using netlink::Failure;
using netlink::RequestError;

// Attempts of an ensure, while other writers are faster.
constexpr int kEnsureAttempts = 6;

// True if an ensure has to try the other command: the object to change does not exist, or the one
// to create does.
bool needs_other_command(const Failure& failure, const CommandFormat& format, bool creating) {
  if (failure.status == Status::kLost) return true;  // an ensure can be repeated
  if (failure.status == Status::kNotSent) return false;
  if (creating) return failure.error == EEXIST;
  // ENOENT of a service is a missing scheduler or engine, which creating does not cure.
  const bool is_service = format.service == Fields::kFull;
  return failure.error == ESRCH || (!is_service && failure.error == ENOENT);
}

}  // namespace

/// How an operation is executed: by a method, and by a command if one is enough. An ensure sends
/// `format`, and `create` for objects that do not exist.
struct Client::Row {
  Operation operation;
  void (Client::*run)(Range);
  const CommandFormat* format = nullptr;
  const CommandFormat* create = nullptr;
};

struct Client::Operations {
  static constexpr Row kRows[] = {
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
  static constexpr Row kUnknown{Operation::kCount, &Client::refuse_unknown};
  static constexpr netlink::OperationTable<Client, Row, std::size(kRows)> kTable{kRows, kUnknown};
  static_assert(kTable.is_complete());
};

Client::Client(netlink::Socket socket) : transport_(std::move(socket)) { check_rights(); }

Client::Client(const Transport::Netns& netns) : transport_(netns) { check_rights(); }

void Client::check_rights() {
  const Command command{.format = &kGetInfo};
  const auto failures = transport_.run({&command, 1}, [](size_t, Attributes) {});
  if (!failures.empty()) throw RequestError(failures[0], "IPVS_CMD_GET_INFO");
}

Response Client::run(std::span<const Request> requests, Response reuse) {
  begin(requests, std::move(reuse));
  Operations::kTable.run(*this, requests);
  return end();
}

Response Client::run_until_failure(std::span<const Request> requests, Response reuse) {
  begin(requests, std::move(reuse));
  size_t request = Operations::kTable.run_until_failure(
      *this, requests, [&](size_t index) { return response_.is_done(index); });
  for (; request < requests.size(); ++request) response_.fail(request, kSkipped, 0);
  return end();
}

void Client::begin(std::span<const Request> requests, Response reuse) {
  requests_ = requests;
  transport_.resume();
  modules_.begin();
  reuse.clear();
  reuse.results.resize(requests.size());
  // Lists are mostly as long as the last ones were.
  reuse.services.reserve(lengths_.services);
  reuse.destinations.reserve(lengths_.destinations);
  response_ = std::move(reuse);
}

Response Client::end() {
  lengths_ = {response_.services.size(), response_.destinations.size()};
  return std::move(response_);
}

Command Client::command_of(size_t request, const CommandFormat& format) const {
  const Request& wanted = requests_[request];
  return {&format, &wanted.service, &wanted.destination, &wanted.daemon, &wanted.timeouts};
}

void Client::fail(size_t request, const Failure& failure) {
  const bool gone = failure.error == ENOENT && !transport_.available();
  response_.fail(request, gone ? kUnavailable : failure.status, failure.error, failure.text);
}

std::vector<Failure> Client::send(std::span<const Command> commands,
                                  const Transport::OnReply& on_reply) {
  return modules_.run(transport_, commands, on_reply);
}

void Client::refuse_unknown(Range range) {
  for (const size_t request : range.indexes()) {
    response_.fail(request, Status::kNotSent, EOPNOTSUPP);
  }
}

void Client::run_commands(Range range) {
  std::vector<Command> commands;
  for (size_t request = range.first; request < range.last; ++request) {
    const Row& row = Operations::kTable[requests_[request].operation];
    commands.push_back(command_of(request, *row.format));
    response_.set_done(request);
  }
  const auto failures = send(commands, [&](size_t index, Attributes attributes) {
    read_reply(range.first + index, attributes);
  });
  for (const Failure& failure : failures) fail(range.first + failure.index, failure);
}

void Client::read_reply(size_t request, Attributes attributes) {
  Result& result = response_.results[request];
  const auto assign = [&](auto& target, const auto& read) {
    if (read) target = *read;
    if (!read) response_.fail(request, Status::kLost, EBADMSG);
    return read.has_value();
  };
  switch (static_cast<Operation>(requests_[request].operation)) {
    case Operation::kGetInfo:
      assign(result.info, read_info(attributes));
      return;
    case Operation::kGetTimeouts:
      assign(result.timeouts, read_timeouts(attributes));
      return;
    default: {
      ServiceEntry entry{};
      if (!assign(entry, read_service(attributes))) return;
      result.first_service = static_cast<uint32_t>(response_.services.size());
      result.services = 1;
      response_.services.push_back(entry);
    }
  }
}

// Changes the objects that exist, and creates the others. Objects that another writer deletes or
// creates meanwhile are tried again. The order is kept: a missing service is created before its
// destinations.
void Client::run_ensures(Range range) {
  bool creating = false;
  netlink::retry(range.indexes(), kEnsureAttempts, [&](const Indexes& pending, bool last) {
    std::vector<Command> commands;
    for (const size_t request : pending) {
      const Row& row = Operations::kTable[requests_[request].operation];
      commands.push_back(command_of(request, creating ? *row.create : *row.format));
      response_.results[request].created = creating;
      response_.set_done(request);
    }
    Indexes again;
    for (const Failure& failure : send(commands)) {
      const size_t request = pending[failure.index];
      const CommandFormat& format = *commands[failure.index].format;
      const bool can_retry = !last && !transport_.stalled();
      if (can_retry && needs_other_command(failure, format, creating)) {
        again.push_back(request);
      } else {
        fail(request, failure);
      }
    }
    creating = !creating;
    return again;
  });
}

void Client::run_lists(Range range) {
  for (size_t request = range.first; request < range.last; ++request) {
    response_.set_done(request);
    const auto failure = netlink::try_query(request, transport_.stalled(), [&] {
      list(requests_[request], response_.results[request]);
    });
    if (failure) fail(request, *failure);
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

const DestinationEntry& Client::find_destination(const ServiceKey& service,
                                                 const DestinationKey& key,
                                                 const std::vector<DestinationEntry>& entries) {
  const auto found = std::find_if(entries.begin(), entries.end(),
                                  [&](const auto& entry) { return same(key_of(entry), key); });
  if (found != entries.end()) return *found;
  if (entries.empty()) require_service(service);
  throw RequestError(Status::kRefused, ENOENT, "IPVS_CMD_GET_DEST");
}

// For an empty list of destinations, which the kernel also sends for a service that does not exist.
void Client::require_service(const ServiceKey& service) {
  if (!transport_.find_service(service)) {
    throw RequestError(Status::kRefused, ESRCH, "IPVS_CMD_GET_DEST");
  }
}

}  // namespace ipvs
