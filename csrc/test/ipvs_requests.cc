#include "test/ipvs_requests.h"

#include <algorithm>
#include <iterator>
#include <vector>

#include "test/fake_ipvs.h"

using ipvs::Operation;
using ipvs::Request;

namespace test {

Request request_of(const Wanted& wanted) {
  Request request = request_for(wanted.operation, wanted.service, wanted.destination);
  request.changes = wanted.changes;
  if (wanted.changes != 0) request.service.scheduler.assign("wrr");
  if (wanted.changes != 0 && has_destination(wanted.operation)) request.destination.weight = 7;
  return request;
}

std::vector<Request> requests() {
  std::vector<Request> result;
  for (const Wanted& wanted : kWanted) result.push_back(request_of(wanted));
  return result;
}

FakeIpvs::Table initial_table() {
  FakeIpvs::Table table;
  for (uint16_t port = 1; port <= 7; ++port) {
    FakeIpvs::Entry& entry = table[port];
    entry.service = service_at(port);
    for (const uint16_t each : {1, 2}) entry.destinations[each] = destination_at(each);
  }
  return table;
}

bool is_query(Operation operation) {
  static constexpr Operation kQueries[] = {Operation::kGetService, Operation::kListDestinations,
                                           Operation::kGetDestination, Operation::kListServices};
  return std::find(std::begin(kQueries), std::end(kQueries), operation) != std::end(kQueries);
}

}  // namespace test
