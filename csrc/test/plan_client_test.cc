// An IPVS client that reads the table for a plan: disturbed lists, services that vanish, and every
// fault at every position.
#include <doctest/doctest.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <numeric>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ipvs/client.h"
#include "ipvs/plan.h"
#include "netlink/failure.h"
#include "os/error.h"
#include "test/fake_ipvs.h"
#include "test/fake_kernel.h"
#include "test/fault_injection.h"
#include "test/wire.h"

using ipvs::Client;
using ipvs::Operation;
using ipvs::Plan;
using ipvs::PlannedChanges;
using ipvs::Request;
using netlink::RequestError;
using std::chrono::milliseconds;
using test::Disturbance;
using test::FakeIpvs;
using test::FakeKernel;
using test::Fault;
using test::FaultInjector;
using test::is_list;
using test::kFaults;
using wire::Buffer;
using wire::shown;

namespace {

constexpr milliseconds kLong{30'000};
constexpr milliseconds kFaultyDeadline{20};

Request request_of(Operation operation, uint16_t service, uint16_t destination = 1) {
  return test::request_for(operation, service, destination);
}

// Of the present services 1 is as wanted, 2 lacks a destination and has one too many, 3 is left
// alone, and 4 and 5 are unwanted.
const std::vector<Request>& wanted() {
  static const std::vector<Request> kRequests{
      request_of(Operation::kEnsureService, 1),
      request_of(Operation::kEnsureDestination, 1, 1),
      request_of(Operation::kEnsureDestination, 1, 2),
      request_of(Operation::kEnsureService, 2),
      request_of(Operation::kEnsureDestination, 2, 2),
      request_of(Operation::kEnsureDestination, 2, 3),
      request_of(Operation::kUpdateService, 3),
      request_of(Operation::kEnsureService, 6),
      request_of(Operation::kEnsureDestination, 6, 1),
  };
  return kRequests;
}

FakeIpvs::Table present() {
  FakeIpvs::Table table;
  for (uint16_t port = 1; port <= 5; ++port) {
    table[port].service = test::service_at(port);
    for (const uint16_t each : {1, 2}) table[port].destinations[each] = test::destination_at(each);
  }
  return table;
}

// A list of destinations is read for an unwanted service, too.
constexpr ipvs::PlanOptions kDraining{.drains = true,
                                      .drained_protocols = ipvs::PlanOptions::kDrainTcp};

PlannedChanges plan_with(Client& client, size_t limit = 1, size_t* steps = nullptr) {
  Plan plan(wanted(), kDraining);
  client.list_services(plan);
  plan.prune(std::vector<uint8_t>(plan.unwanted().size(), 1));
  size_t count = 1;
  while (client.list_destinations(plan, limit)) ++count;
  if (steps != nullptr) *steps = count;
  return plan.finish();
}

// Returns the requests as sorted lines: the order of deletions is that of the lists.
std::string text_of(const PlannedChanges& changes) {
  std::vector<std::string> lines;
  for (const Request& each : changes.requests()) lines.push_back(shown(each) + '\n');
  std::sort(lines.begin(), lines.end());
  return std::accumulate(lines.begin(), lines.end(), std::string());
}

// Returns the plan of the table, read without a fault.
std::string expected_text() {
  FakeIpvs ipvs;
  ipvs.table = present();
  FakeKernel kernel(ipvs.behaviour());
  Client client(kernel.connect());
  return text_of(plan_with(client));
}

int command_of(const FakeKernel::Message& message) {
  return std::to_integer<int>(message.payload.at(0));
}

}  // namespace

TEST_CASE("a client that carries out its plan gets the wanted table, and then has no changes") {
  FakeIpvs ipvs;
  ipvs.table = present();
  FakeKernel kernel(ipvs.behaviour());
  Client client(kernel.connect());
  const PlannedChanges changes = plan_with(client);
  // +6 +6/1 +2/3 -2/1 -4 -5
  REQUIRE(changes.size() == 6);
  CHECK(changes.unchanged_services == 3);
  CHECK(changes.unchanged_destinations == 3);
  CHECK(ipvs.commands.empty());
  for (const auto& result : client.run(changes.requests()).results) CHECK(result.error == 0);
  CHECK(ipvs.commands.size() == 6);
  CHECK(plan_with(client).empty());
  CHECK(ipvs.table.size() == 4);
  CHECK(ipvs.table.at(2).destinations.size() == 2);
  CHECK(ipvs.table.at(3).destinations.size() == 2);
}

TEST_CASE("a limit divides the reading of destinations into steps, and changes nothing else") {
  FakeIpvs ipvs;
  ipvs.table = present();
  FakeKernel kernel(ipvs.behaviour());
  Client client(kernel.connect());
  const std::string expected = expected_text();
  // Of four services with two destinations each: an object is a service or a destination.
  struct Case {
    size_t limit;
    size_t steps;
  };
  for (const Case& each : {Case{1, 5}, {3, 5}, {4, 3}, {6, 3}, {12, 2}, {13, 1}, {1000, 1}}) {
    CAPTURE(each.limit);
    size_t steps = 0;
    CHECK(text_of(plan_with(client, each.limit, &steps)) == expected);
    CHECK(steps == each.steps);
  }
}

TEST_CASE("lists for a plan leave nothing in the next response of the client") {
  FakeIpvs ipvs;
  ipvs.table = present();
  FakeKernel kernel(ipvs.behaviour());
  Client client(kernel.connect());
  plan_with(client, 1000);
  const Request request = request_of(Operation::kListDestinations, 1);
  const auto response = client.run({&request, 1});
  CHECK(response.services.empty());
  CHECK(response.destinations.size() == 2);
  CHECK(response.results[0].first_destination == 0);
}

TEST_CASE("with any fault in any reply, a plan is right or fails, and nothing is changed") {
  const std::string expected = expected_text();
  size_t replies = 1;  // without a fault
  for (const auto& fault : kFaults) {
    const std::string name = fault.name;
    CAPTURE(name);
    size_t failed = 0;
    for (size_t position = 0; position < replies; ++position) {
      CAPTURE(position);
      FakeIpvs ipvs;
      ipvs.table = present();
      FaultInjector injector(fault.fault, position);
      FakeKernel kernel(injector.wrap(ipvs.behaviour()));
      try {
        Client client(kernel.connect(fault.harmless ? kLong : kFaultyDeadline));
        const std::string planned = text_of(plan_with(client));
        CHECK(planned == expected);
      } catch (const os::Error&) {
        CHECK_FALSE(fault.harmless);
        ++failed;
      }
      if (fault.fault == Fault::kNone) replies = injector.replies();
      CHECK(ipvs.commands.empty());
    }
    if (fault.fault == Fault::kNoReply) CHECK(failed > 0);
  }
  CHECK(replies > 20);
}

TEST_CASE("a family whose id changes while the table is read makes no difference") {
  const std::string expected = expected_text();
  size_t messages = SIZE_MAX;
  for (size_t message = 1; message < messages; ++message) {
    CAPTURE(message);
    FakeIpvs ipvs;
    ipvs.table = present();
    ipvs.renumber_at = message;
    FakeKernel kernel(ipvs.behaviour());
    Client client(kernel.connect());
    CHECK(text_of(plan_with(client)) == expected);
    messages = ipvs.messages;
  }
  CHECK(messages > 5);
}

TEST_CASE("a disturbed list is read again before a plan sees it") {
  const std::string expected = expected_text();
  for (const auto disturbance : {Disturbance::kDuplicated, Disturbance::kInterrupted}) {
    // The list of services, and then those of destinations.
    for (int disturbed = 0; disturbed < 5; ++disturbed) {
      CAPTURE(disturbed);
      FakeIpvs ipvs;
      ipvs.table = present();
      int lists = 0;
      FakeKernel kernel([&, answer = ipvs.behaviour()](const auto& request, const auto& reply) {
        if (!is_list(request.messages[0]) || lists++ != disturbed) return answer(request, reply);
        test::answer_disturbed(answer, disturbance, request, reply);
      });
      Client client(kernel.connect());
      CHECK(text_of(plan_with(client)) == expected);
      CHECK(lists == 6);
    }
  }
}

TEST_CASE("a list that is disturbed every time counts its objects once, or fails the plan") {
  for (const bool interrupts : {false, true}) {
    FakeIpvs ipvs;
    ipvs.table = present();
    FakeKernel kernel([&, answer = ipvs.behaviour()](const auto& request, const auto& reply) {
      if (!is_list(request.messages[0])) return answer(request, reply);
      std::vector<Buffer> replies;
      answer(request, [&](const Buffer& datagram) { replies.push_back(datagram); });
      if (interrupts) {
        replies.back()[6] |= std::byte{NLM_F_DUMP_INTR};
      } else {
        replies.insert(replies.begin(), replies[0]);
      }
      for (const Buffer& each : replies) reply(each);
    });
    Client client(kernel.connect());
    if (!interrupts) {
      const PlannedChanges changes = plan_with(client);
      CHECK(text_of(changes) == expected_text());
      CHECK(changes.unchanged_services == 3);
      CHECK(changes.unchanged_destinations == 3);
      continue;
    }
    Plan plan(wanted(), kDraining);
    CHECK_THROWS_AS(client.list_services(plan), RequestError);
    CHECK(plan.unwanted().empty());
  }
}

TEST_CASE("a service that vanishes between the two lists is no error of the plan") {
  for (const uint16_t vanishing : {1, 2, 4}) {
    CAPTURE(vanishing);
    FakeIpvs ipvs;
    ipvs.table = present();
    FakeKernel kernel([&, answer = ipvs.behaviour()](const auto& request, const auto& reply) {
      answer(request, reply);
      if (is_list(request.messages[0])) ipvs.table.erase(vanishing);
    });
    Client client(kernel.connect());
    const PlannedChanges changes = plan_with(client);
    const auto results = client.run(changes.requests()).results;
    for (size_t index = 0; index < results.size(); ++index) {
      const Request request = changes.requests()[index];
      CHECK(results[index].error == (request.service.key.port == vanishing ? ESRCH : 0));
    }
    // Another plan finds the service missing.
    const PlannedChanges next = plan_with(client);
    CHECK(next.empty() == (vanishing == 4));
    for (const auto& result : client.run(next.requests()).results) CHECK(result.error == 0);
  }
}

TEST_CASE("a kernel that stops replying ends a plan after one deadline, and later reads work") {
  for (const bool stops_at_services : {true, false}) {
    FakeIpvs ipvs;
    ipvs.table = present();
    bool silent = true;
    FakeKernel kernel([&, answer = ipvs.behaviour()](const auto& request, const auto& reply) {
      const bool lists_destinations =
          is_list(request.messages[0]) && command_of(request.messages[0]) != IPVS_CMD_GET_SERVICE;
      const bool is_chosen =
          is_list(request.messages[0]) && lists_destinations != stops_at_services;
      if (!silent || !is_chosen) return answer(request, reply);
      silent = false;
    });
    Client client(kernel.connect(milliseconds(100)));
    std::optional<int> error;
    try {
      plan_with(client);
    } catch (const RequestError& failure) {
      error = failure.error();
    }
    CHECK(error == ETIMEDOUT);
    CHECK(text_of(plan_with(client)) == expected_text());
  }
}
