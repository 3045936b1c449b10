// How many messages and datagrams the operations of an IPVS client take.
#include <doctest/doctest.h>
#include <linux/genetlink.h>
#include <linux/ip_vs.h>
#include <linux/netlink.h>

#include <cerrno>
#include <string>
#include <vector>

#include "ipvs/client.h"
#include "test/fake_ipvs.h"
#include "test/fake_kernel.h"
#include "test/wire.h"

using ipvs::Operation;
using ipvs::Request;
using ipvs::Status;
using test::FakeIpvs;
using test::FakeKernel;
using test::request_for;

namespace {

void check_done(const ipvs::Response& response) {
  for (const auto& result : response.results) {
    CHECK(static_cast<Status>(result.status) == Status::kDone);
  }
}

// Returns true if the message is a `command` of IPVS.
bool is(const FakeKernel::Message& message, int command) {
  const uint16_t type = message.header.nlmsg_type;
  return type != NLMSG_NOOP && type != GENL_ID_CTRL &&
         std::to_integer<int>(message.payload.at(0)) == command;
}

}  // namespace

TEST_CASE("updates of one service are sent once each and build on each other") {
  FakeIpvs ipvs;
  ipvs.table[1].service = test::service_at(1);
  FakeKernel kernel(ipvs.behaviour());
  ipvs::Client client(kernel.connect());
  std::vector<Request> requests(2, request_for(Operation::kUpdateService, 1));
  requests[0].changes = ipvs::Changes::kScheduler;
  requests[0].service.scheduler.assign("wrr");
  requests[1].changes = ipvs::Changes::kOnePacket;
  requests[1].service.flags = ipvs::ServiceFlags::kOnePacket;
  check_done(client.run(requests));
  size_t read = 0;
  for (const auto& each : kernel.requests()) {
    for (const auto& message : each.messages) read += is(message, IPVS_CMD_GET_SERVICE) ? 1 : 0;
  }
  CHECK(read == 2);
  CHECK(ipvs.commands.size() == 2);
  CHECK(ipvs.table[1].service.scheduler.view() == "wrr");
  CHECK(ipvs.table[1].service.flags == ipvs::ServiceFlags::kOnePacket);
}

TEST_CASE("updates of the destinations of a service share one list, unless a failure stops them") {
  for (const bool stops : {false, true}) {
    CAPTURE(stops);
    FakeIpvs ipvs;
    ipvs.table[1].service = test::service_at(1);
    std::vector<Request> requests;
    for (uint16_t port = 1; port <= 5; ++port) {
      ipvs.table[1].destinations[port] = test::destination_at(port);
      requests.push_back(request_for(Operation::kUpdateDestination, 1, port));
      requests.back().changes = ipvs::Changes::kWeight;
      requests.back().destination.weight = port;
    }
    FakeKernel kernel(ipvs.behaviour());
    ipvs::Client client(kernel.connect());
    check_done(stops ? client.run_until_failure(requests) : client.run(requests));
    size_t lists = 0;
    for (const auto& each : kernel.requests()) lists += is(each.messages[0], IPVS_CMD_GET_DEST);
    CHECK(lists == (stops ? requests.size() : 1));
    for (uint16_t port = 1; port <= 5; ++port) {
      CHECK(ipvs.table[1].destinations[port].weight == port);
    }
  }
}

TEST_CASE("updates of the destinations of a service that does not exist share one list") {
  FakeIpvs ipvs;
  FakeKernel kernel(ipvs.behaviour());
  ipvs::Client client(kernel.connect());
  const size_t before = kernel.requests().size();
  std::vector<Request> requests;
  for (uint16_t port = 1; port <= 5; ++port) {
    requests.push_back(request_for(Operation::kUpdateDestination, 1, port));
    requests.back().changes = ipvs::Changes::kWeight;
  }
  for (const auto& result : client.run(requests).results) {
    CHECK(static_cast<Status>(result.status) == Status::kRefused);
    CHECK(result.error == ESRCH);
  }
  // The list, and the query of the service.
  CHECK(kernel.requests().size() - before == 2);
}

TEST_CASE("a scheduler that the kernel lacks is sent a few times in each batch") {
  size_t named = 0;
  FakeIpvs ipvs;
  FakeKernel kernel([&, answer = ipvs.behaviour()](const auto& request, const auto& reply) {
    if (!is(request.messages[0], IPVS_CMD_NEW_SERVICE)) return answer(request, reply);
    for (const auto& message : request.messages) {
      const bool sentinel = message.header.nlmsg_type == NLMSG_NOOP;
      reply(wire::error_reply(message.header, sentinel ? 0 : ENOENT));
      named += sentinel ? 0 : 1;
    }
  });
  ipvs::Client client(kernel.connect());
  const std::vector<Request> requests(50, request_for(Operation::kAddService, 1));
  for (int batch = 0; batch < 3; ++batch) {
    named = 0;
    for (const auto& result : client.run(requests).results) CHECK(result.error == ENOENT);
    CHECK(named >= 1);
    CHECK(named <= 2);
  }
}

TEST_CASE("a refusal for another reason does not mark the scheduler as missing") {
  FakeIpvs ipvs;
  ipvs.table[1].service = test::service_at(1);
  FakeKernel kernel(ipvs.behaviour());
  ipvs::Client client(kernel.connect());
  const std::vector<Request> requests = {request_for(Operation::kAddService, 1),
                                         request_for(Operation::kAddService, 2)};
  const auto response = client.run(requests);
  CHECK(response.results[0].error == EEXIST);
  CHECK(static_cast<Status>(response.results[1].status) == Status::kDone);
}

TEST_CASE("batches with schedulers new to the client take ever larger datagrams") {
  FakeIpvs ipvs;
  FakeKernel kernel(ipvs.behaviour());
  ipvs::Client client(kernel.connect());
  const size_t before = kernel.requests().size();
  std::vector<Request> requests;
  for (uint16_t port = 1; port <= 63; ++port) {
    requests.push_back(request_for(Operation::kAddService, port));
    requests.back().service.scheduler.assign("s" + std::to_string(port));
  }
  check_done(client.run(requests));
  CHECK(kernel.requests().size() - before <= 7);
}

TEST_CASE("an ensure overtaken by another writer changes what that writer has added") {
  FakeIpvs ipvs;
  FakeKernel kernel([&, answer = ipvs.behaviour()](const auto& request, const auto& reply) {
    if (is(request.messages[0], IPVS_CMD_NEW_SERVICE)) {
      ipvs.table[1].service = test::service_at(1);
      ipvs.table[1].service.scheduler.assign("wrr");
    }
    answer(request, reply);
  });
  ipvs::Client client(kernel.connect());
  const Request request = request_for(Operation::kEnsureService, 1);
  const auto response = client.run({&request, 1});
  check_done(response);
  CHECK(response.results[0].created == 0);
  CHECK(ipvs.table[1].service.scheduler.view() == "rr");
}
