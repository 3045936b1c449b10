// The updates of a client: read, change, write.
#include <cerrno>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "ipvs/changes.h"
#include "ipvs/client.h"

namespace ipvs {
namespace {

using netlink::Attributes;
using netlink::Failure;

/// What names a destination in the whole table.
struct DestinationPath {
  ServiceKey service;
  DestinationKey destination;
};

}  // namespace

// An update must see what the one before it wrote: where a key comes again, another exchange
// begins.
template <typename KeyOf>
void Client::update_in_parts(Range range, KeyOf key_of, void (Client::*update)(Range)) {
  std::set<decltype(key_of(requests_[0])), ByteOrder> seen;
  Range part{range.first, range.first};
  for (; part.last < range.last; ++part.last) {
    const auto key = key_of(requests_[part.last]);
    if (seen.insert(key).second) continue;
    (this->*update)(part);
    part.first = part.last;
    seen = {key};
  }
  (this->*update)(part);
}

void Client::run_service_updates(Range range) {
  const auto key_of = [](const Request& request) { return request.service.key; };
  update_in_parts(range, key_of, &Client::update_services);
}

void Client::run_destination_updates(Range range) {
  const auto path_of = [](const Request& request) {
    return DestinationPath{request.service.key, request.destination.key};
  };
  update_in_parts(range, path_of, &Client::update_destinations);
}

void Client::update_services(Range range) {
  std::vector<Command> steps;
  for (size_t request = range.first; request < range.last; ++request) {
    steps.push_back(step_of(request, kGetService));
  }
  std::vector<std::optional<ServiceEntry>> current(steps.size());
  const auto unread = transport_.run(
      steps, [&](size_t step, Attributes attributes) { current[step] = read_service(attributes); });
  for (const Failure& failure : unread) fail(range.first + failure.index, failure);

  std::vector<Service> updated(current.size());
  std::vector<size_t> sent;
  steps.clear();
  for (size_t i = 0; i < current.size(); ++i) {
    const size_t request = range.first + i;
    if (response_.is_pending(request) && !current[i])
      response_.fail(request, Status::kLost, EBADMSG);
    if (!response_.is_pending(request)) continue;
    const Request& wanted = requests_[request];
    updated[i] = apply_changes(current[i]->service, wanted.service, wanted.changes);
    const Status status = check_changes(updated[i], wanted.flags_owner);
    if (status != Status::kDone) {
      response_.fail(request, status, EINVAL);
      continue;
    }
    steps.push_back({.command = &kSetService, .service = &updated[i]});
    sent.push_back(request);
  }
  send_updates(steps, sent);
}

// The kernel has no query for one destination: the list of each service is read, once.
void Client::update_destinations(Range range) {
  std::map<DestinationPath, Destination, ByteOrder> current;
  std::set<ServiceKey, ByteOrder> listed;
  std::vector<Destination> updated(range.last - range.first);
  std::vector<Command> steps;
  std::vector<size_t> sent;
  for (size_t request = range.first; request < range.last; ++request) {
    const Request& wanted = requests_[request];
    const ServiceKey& service = wanted.service.key;
    attempt(request, [&] {
      if (!listed.contains(service)) {
        std::vector<DestinationEntry> entries;
        transport_.list_destinations(service, entries);
        if (entries.empty()) require_service(service);
        for (const DestinationEntry& entry : entries) {
          current.emplace(DestinationPath{service, entry.destination.key}, entry.destination);
        }
        listed.insert(service);
      }
      const auto found = current.find({service, wanted.destination.key});
      if (found == current.end()) return response_.fail(request, Status::kRefused, ENOENT);
      Destination& result = updated[request - range.first];
      result = apply_changes(found->second, wanted.destination, wanted.changes);
      const Status status = check_changes(result, wanted.changes);
      if (status != Status::kDone) return response_.fail(request, status, EINVAL);
      steps.push_back(
          {.command = &kSetDestination, .service = &wanted.service, .destination = &result});
      sent.push_back(request);
    });
  }
  send_updates(steps, sent);
}

void Client::send_updates(const std::vector<Command>& steps, const std::vector<size_t>& requests) {
  for (const size_t request : requests) response_.set_done(request);
  for (const Failure& failure : exchange(steps)) fail(requests[failure.index], failure);
}

}  // namespace ipvs
