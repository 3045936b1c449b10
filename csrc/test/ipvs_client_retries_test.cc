// Retries of an IPVS client: lists that other writers disturb, and updates whose reply is lost.
#include <doctest/doctest.h>
#include <linux/genetlink.h>
#include <linux/ip_vs.h>
#include <linux/netlink.h>

#include <cerrno>
#include <vector>

#include "ipvs/client.h"
#include "ipvs/codec.h"
#include "test/fake_ipvs.h"
#include "test/fake_kernel.h"
#include "test/wire.h"

using ipvs::Operation;
using ipvs::Result;
using ipvs::Status;
using test::Disturbance;
using test::FakeIpvs;
using test::FakeKernel;
using test::is_list;
using wire::Buffer;

namespace {

Result run(ipvs::Client& client, Operation operation, ipvs::Response* response = nullptr) {
  const ipvs::Request request = test::request_for(operation);
  ipvs::Response own = client.run({&request, 1});
  if (response != nullptr) *response = own;
  return own.results[0];
}

FakeIpvs three_services() {
  FakeIpvs ipvs;
  for (uint16_t port = 1; port <= 3; ++port) {
    ipvs.table[port].service = test::service_at(port);
    for (uint16_t each = 1; each <= 3; ++each) {
      ipvs.table[1].destinations[each] = test::destination_at(each);
    }
  }
  return ipvs;
}

struct Listing {
  Result result{};
  size_t objects = 0;
  size_t lists = 0;
  size_t repeated = 0;

  Listing(Operation operation, Disturbance disturbance, int times) {
    FakeIpvs ipvs = three_services();
    FakeKernel kernel([&, answer = ipvs.behaviour()](const auto& request, const auto& reply) {
      if (!is_list(request.messages[0]) || times-- <= 0) return answer(request, reply);
      test::answer_disturbed(answer, disturbance, request, reply);
    });
    ipvs::Client client(kernel.connect());
    ipvs::Response response;
    result = run(client, operation, &response);
    objects = operation == Operation::kListServices ? response.services.size()
                                                    : response.destinations.size();
    repeated = client.recoveries()->repeated_lists;
    for (const auto& each : kernel.requests()) lists += is_list(each.messages[0]) ? 1 : 0;
  }
};

constexpr Operation kLists[] = {Operation::kListServices, Operation::kListDestinations};

}  // namespace

TEST_CASE("a disturbed list is read again until it is complete") {
  for (const Operation operation : kLists) {
    for (const auto disturbance : {Disturbance::kDuplicated, Disturbance::kInterrupted}) {
      for (int times = 0; times < 5; ++times) {
        CAPTURE(times);
        const Listing listing(operation, disturbance, times);
        CHECK(static_cast<Status>(listing.result.status) == Status::kDone);
        CHECK(listing.objects == 3);
        CHECK(listing.lists == static_cast<size_t>(times) + 1);
        CHECK(listing.repeated == static_cast<size_t>(times));
      }
    }
  }
}

TEST_CASE("a list that is disturbed every time is without duplicates, or fails") {
  for (const Operation operation : kLists) {
    const Listing duplicated(operation, Disturbance::kDuplicated, 100);
    CHECK(static_cast<Status>(duplicated.result.status) == Status::kDone);
    CHECK(duplicated.objects == 2);
    CHECK(duplicated.lists == 5);

    const Listing interrupted(operation, Disturbance::kInterrupted, 100);
    CHECK(static_cast<Status>(interrupted.result.status) == Status::kLost);
    CHECK(interrupted.result.error == EINTR);
    CHECK(interrupted.lists == 5);
  }
}

TEST_CASE("an update whose reply is lost is done only if the table shows all of it") {
  for (const Operation operation : {Operation::kUpdateService, Operation::kUpdateDestination}) {
    for (const bool executed : {true, false}) {
      CAPTURE(executed);
      FakeIpvs ipvs = three_services();
      FakeKernel kernel([&, answer = ipvs.behaviour()](const auto& request, const auto& reply) {
        const auto& first = request.messages[0];
        const int command = std::to_integer<int>(first.payload.at(0));
        const bool sets = command == IPVS_CMD_SET_SERVICE || command == IPVS_CMD_SET_DEST;
        if (first.header.nlmsg_type == GENL_ID_CTRL || !sets) return answer(request, reply);
        if (executed) answer({request.bytes, {first}}, [](const Buffer&) {});
        Buffer malformed = wire::error_reply(first.header, 0);
        malformed.erase(malformed.end() - 8, malformed.end());
        reply(malformed);
        reply(wire::error_reply(request.messages.back().header, 0));
      });
      ipvs::Client client(kernel.connect());
      ipvs::Request request = test::request_for(operation);
      const bool service = operation == Operation::kUpdateService;
      request.changes = service ? ipvs::Changes::kScheduler : ipvs::Changes::kWeight;
      if (service) request.service.scheduler.assign("wrr");
      request.destination.weight = 7;
      const auto response = client.run({&request, 1});
      const auto status = static_cast<Status>(response.results[0].status);
      CHECK(status == (executed ? Status::kDone : Status::kLost));
      CHECK(client.recoveries()->lost_replies == 1);
      CHECK(client.recoveries()->repeated_requests == 0);
    }
  }
}
