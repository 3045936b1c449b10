// The updates of a client: read the objects, merge the changes, write the objects back.
#include <cerrno>
#include <map>
#include <optional>
#include <vector>

#include "ipvs/client.h"
#include "ipvs/merge.h"

namespace ipvs {
namespace {

using netlink::Attributes;
using netlink::Failure;

/// The key of a destination in the whole table.
struct DestinationPath {
  ServiceKey service;
  DestinationKey destination;
};

DestinationPath path_of(const Request& request) {
  return {request.service.key, request.destination.key};
}

}  // namespace

void Client::run_service_updates(Range range) {
  netlink::split_at_repeated_keys<ByteOrder>(
      range, [&](size_t request) { return requests_[request].service.key; },
      [&](Range part) { update_services(part); });
}

void Client::run_destination_updates(Range range) {
  netlink::split_at_repeated_keys<ByteOrder>(
      range, [&](size_t request) { return path_of(requests_[request]); },
      [&](Range part) { update_destinations(part); });
}

void Client::update_services(Range range) {
  std::vector<Command> commands;
  for (size_t request = range.first; request < range.last; ++request) {
    commands.push_back(command_of(request, kGetService));
  }
  std::vector<std::optional<ServiceEntry>> current(commands.size());
  const auto unread = transport_.run(commands, [&](size_t index, Attributes attributes) {
    current[index] = read_service(attributes);
  });
  for (const Failure& failure : unread) {
    fail(range.first + failure.index, netlink::not_sent(failure));
  }

  std::vector<Service> updated(current.size());
  Indexes sent;
  commands.clear();
  for (size_t i = 0; i < current.size(); ++i) {
    const size_t request = range.first + i;
    if (!response_.is_pending(request)) continue;
    if (!current[i]) {
      response_.fail(request, Status::kNotSent, EBADMSG);
      continue;
    }
    const Request& wanted = requests_[request];
    updated[i] = merge(current[i]->service, wanted.service, wanted.changes);
    const Status status = check_merged(updated[i], wanted.flags_owner);
    if (status != Status::kDone) {
      response_.fail(request, status, EINVAL);
      continue;
    }
    commands.push_back({.format = &kSetService, .service = &updated[i]});
    sent.push_back(request);
  }
  send_updates(commands, sent);
}

// The kernel has no query for one destination: the list of each service is read, once.
void Client::update_destinations(Range range) {
  std::map<DestinationPath, std::optional<Destination>, ByteOrder> found;
  for (size_t request = range.first; request < range.last; ++request) {
    found.try_emplace(path_of(requests_[request]));
  }
  const auto read_list = [&](const ServiceKey& service) {
    std::vector<DestinationEntry> entries;
    transport_.list_destinations(service, entries, Statistics::kSkip);
    if (entries.empty()) require_service(service);
    for (const DestinationEntry& entry : entries) {
      const auto named = found.find({service, entry.destination.key});
      if (named != found.end()) named->second = entry.destination;
    }
  };

  std::map<ServiceKey, std::optional<Failure>, ByteOrder> lists;  // why each could not be read
  std::vector<Command> commands;
  Indexes sent;
  for (size_t request = range.first; request < range.last; ++request) {
    const Request& wanted = requests_[request];
    const auto [list, is_new] = lists.try_emplace(wanted.service.key);
    if (is_new) {
      list->second =
          netlink::try_query(request, transport_.stalled(), [&] { read_list(wanted.service.key); });
    }
    if (list->second) {
      fail(request, netlink::not_sent(*list->second));
      continue;
    }
    auto& destination = found[path_of(wanted)];
    if (!destination) {
      response_.fail(request, Status::kRefused, ENOENT);
      continue;
    }
    destination = merge(*destination, wanted.destination, wanted.changes);
    const Status status = check_merged(*destination, wanted.changes);
    if (status != Status::kDone) {
      response_.fail(request, status, EINVAL);
      continue;
    }
    commands.push_back(
        {.format = &kSetDestination, .service = &wanted.service, .destination = &*destination});
    sent.push_back(request);
  }
  send_updates(commands, sent);
}

void Client::send_updates(std::span<const Command> commands, const Indexes& requests) {
  for (const size_t request : requests) response_.set_done(request);
  for (const Failure& failure : send(commands)) fail(requests[failure.index], failure);
}

}  // namespace ipvs
