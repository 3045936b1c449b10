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

// Each reads the reply to a query. False if it is malformed.

bool read_info_reply(Response& response, size_t request, Attributes attributes) {
  const auto info = read_info(attributes);
  if (info) response.results[request].info = *info;
  return info.has_value();
}

bool read_timeouts_reply(Response& response, size_t request, Attributes attributes) {
  const auto timeouts = read_timeouts(attributes);
  if (timeouts) response.results[request].timeouts = *timeouts;
  return timeouts.has_value();
}

bool read_service_reply(Response& response, size_t request, Attributes attributes) {
  const auto entry = read_service(attributes);
  if (!entry) return false;
  response.results[request].first_service = static_cast<uint32_t>(response.services.size());
  response.results[request].services = 1;
  response.services.push_back(*entry);
  return true;
}

}  // namespace

/// How an operation is executed: by a method, and by a command if one is enough. An ensure sends
/// `format`, and `create` for objects that do not exist. A query reads the reply with `read`, and a
/// list appends its objects to the response with `list`.
struct Client::Row {
  Operation operation;
  void (Client::*run)(Range);
  const CommandFormat* format = nullptr;
  const CommandFormat* create = nullptr;
  bool (*read)(Response& response, size_t request, Attributes attributes) = nullptr;
  void (Client::*list)(const Request& request) = nullptr;
};

struct Client::Operations {
  static constexpr Row kRows[] = {
      {Operation::kAddService, &Client::run_commands, &kNewService},
      {Operation::kUpdateService, &Client::run_service_updates},
      {Operation::kEnsureService, &Client::run_ensures, &kSetService, &kNewService},
      {Operation::kSetService, &Client::run_commands, &kSetService},
      {Operation::kDeleteService, &Client::run_commands, &kDeleteService},
      {.operation = Operation::kGetService,
       .run = &Client::run_commands,
       .format = &kGetService,
       .read = read_service_reply},
      {.operation = Operation::kListServices,
       .run = &Client::run_lists,
       .list = &Client::list_services},
      {Operation::kAddDestination, &Client::run_commands, &kNewDestination},
      {Operation::kUpdateDestination, &Client::run_destination_updates},
      {Operation::kEnsureDestination, &Client::run_ensures, &kSetDestination, &kNewDestination},
      {Operation::kSetDestination, &Client::run_commands, &kSetDestination},
      {Operation::kDeleteDestination, &Client::run_commands, &kDeleteDestination},
      {.operation = Operation::kGetDestination,
       .run = &Client::run_lists,
       .list = &Client::list_destination},
      {.operation = Operation::kListDestinations,
       .run = &Client::run_lists,
       .list = &Client::list_destinations},
      {Operation::kFlush, &Client::run_commands, &kFlush},
      {.operation = Operation::kGetInfo,
       .run = &Client::run_commands,
       .format = &kGetInfo,
       .read = read_info_reply},
      {.operation = Operation::kGetTimeouts,
       .run = &Client::run_commands,
       .format = &kGetTimeouts,
       .read = read_timeouts_reply},
      {Operation::kSetTimeouts, &Client::run_commands, &kSetTimeouts},
      {Operation::kZero, &Client::run_commands, &kZero},
      {.operation = Operation::kListSyncDaemons,
       .run = &Client::run_lists,
       .list = &Client::list_daemons},
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

void Client::list_services(Plan& plan) {
  transport_.resume();
  response_.services.clear();
  transport_.list_services(response_.services);
  for (const ServiceEntry& found : response_.services) plan.note(found);
  response_.services.clear();
}

bool Client::list_destinations(Plan& plan, size_t limit) {
  transport_.resume();
  std::vector<DestinationEntry>& entries = response_.destinations;
  for (size_t read = 0; read < limit; read += 1 + entries.size()) {
    const ServiceKey* service = plan.next();
    if (service == nullptr) return false;
    entries.clear();
    transport_.list_destinations(*service, entries, Statistics::kSkip);
    for (const DestinationEntry& found : entries) plan.note(found);
    plan.end();
  }
  return true;
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
  commands_.clear();
  for (size_t request = range.first; request < range.last; ++request) {
    const Row& row = Operations::kTable[requests_[request].operation];
    commands_.push_back(command_of(request, *row.format));
    response_.set_done(request);
  }
  const auto failures = send(commands_, [&](size_t index, Attributes attributes) {
    read_reply(range.first + index, attributes);
  });
  for (const Failure& failure : failures) fail(range.first + failure.index, failure);
}

void Client::read_reply(size_t request, Attributes attributes) {
  const auto read = Operations::kTable[requests_[request].operation].read;
  const bool is_read = read != nullptr && read(response_, request, attributes);
  if (!is_read) response_.fail(request, Status::kLost, EBADMSG);
}

// Changes the objects that exist, and creates the others. Objects that another writer deletes or
// creates meanwhile are tried again. The order is kept: a missing service is created before its
// destinations.
void Client::run_ensures(Range range) {
  bool creating = false;
  netlink::retry(range.indexes(), kEnsureAttempts, [&](const Indexes& pending, bool last) {
    commands_.clear();
    for (const size_t request : pending) {
      const Row& row = Operations::kTable[requests_[request].operation];
      commands_.push_back(command_of(request, creating ? *row.create : *row.format));
      response_.results[request].created = creating;
      response_.set_done(request);
    }
    Indexes again;
    for (const Failure& failure : send(commands_)) {
      const size_t request = pending[failure.index];
      const CommandFormat& format = *commands_[failure.index].format;
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
  const size_t first_service = response_.services.size();
  const size_t first_destination = response_.destinations.size();
  const size_t first_daemon = response_.daemons.size();
  (this->*Operations::kTable[request.operation].list)(request);
  result.first_service = static_cast<uint32_t>(first_service);
  result.services = static_cast<uint32_t>(response_.services.size() - first_service);
  result.first_destination = static_cast<uint32_t>(first_destination);
  result.destinations = static_cast<uint32_t>(response_.destinations.size() - first_destination);
  result.first_daemon = static_cast<uint32_t>(first_daemon);
  result.daemons = static_cast<uint32_t>(response_.daemons.size() - first_daemon);
}

void Client::list_services(const Request& /*request*/) {
  transport_.list_services(response_.services);
}

void Client::list_destinations(const Request& request) {
  const ServiceKey& service = request.service.key;
  const size_t first = response_.destinations.size();
  transport_.list_destinations(service, response_.destinations);
  if (response_.destinations.size() == first) require_service(service);
}

void Client::list_destination(const Request& request) {
  const ServiceKey& service = request.service.key;
  std::vector<DestinationEntry> entries;
  transport_.list_destinations(service, entries);
  response_.destinations.push_back(find_destination(service, request.destination.key, entries));
}

void Client::list_daemons(const Request& /*request*/) {
  transport_.list_daemons(response_.daemons);
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
