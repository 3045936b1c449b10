// An IPVS client with every fault at every position, and with a family whose id changes at any
// message.
#include "ipvs/client.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "os/error.h"
#include "test/dumps.h"
#include "test/fake_ipvs.h"
#include "test/fake_kernel.h"
#include "test/fault_injection.h"
#include "test/ipvs_requests.h"
#include "test/stopwatch.h"

using ipvs::Client;
using ipvs::Operation;
using ipvs::Request;
using ipvs::Response;
using ipvs::Result;
using ipvs::Status;
using netlink::same;
using std::chrono::milliseconds;
using test::done;
using test::FakeIpvs;
using test::FakeKernel;
using test::Fault;
using test::FaultInjector;
using test::initial_table;
using test::is_query;
using test::kFaults;
using test::kRequests;
using test::kWanted;
using test::NamedFault;
using test::Stopwatch;
using test::Wanted;

namespace {

constexpr milliseconds kLong{30'000};

// Each exchange may take its deadline.
constexpr milliseconds kSoon{10'000};

// The response of a client, and what the kernel did.
struct Run {
  FakeIpvs ipvs;
  std::optional<Response> response;  // nullopt if the client did not find IPVS
  milliseconds elapsed{};
  size_t replies = 0;

  Run(Fault fault, size_t position, milliseconds deadline, size_t renumber_at = SIZE_MAX,
      Response memory = {}) {
    ipvs.table = initial_table();
    ipvs.renumber_at = renumber_at;
    FaultInjector injector(fault, position);
    FakeKernel kernel(injector.wrap(ipvs.behaviour()));
    const std::vector<Request> wanted = test::requests();
    const Stopwatch watch;
    try {
      response = Client(kernel.connect(deadline)).run(wanted, std::move(memory));
    } catch (const os::Error&) {
      CHECK_FALSE(response);
    }
    elapsed = watch.elapsed();
    replies = injector.replies();
  }

  // Returns the commands on the object of a request.
  std::vector<FakeIpvs::Command> commands_for(size_t index) const {
    std::vector<FakeIpvs::Command> found;
    for (const auto& command : ipvs.commands) {
      const bool its = command.service == kWanted[index].service &&
                       command.destination == kWanted[index].destination;
      if (its) found.push_back(command);
    }
    return found;
  }
};

bool same_destinations(const FakeIpvs::Entry& entry, const Response& response, size_t first,
                       size_t count) {
  if (count != entry.destinations.size()) return false;
  return std::all_of(entry.destinations.begin(), entry.destinations.end(), [&](const auto& each) {
    const auto begin = response.destinations.begin() + static_cast<ptrdiff_t>(first);
    return std::count_if(begin, begin + static_cast<ptrdiff_t>(count), [&](const auto& entry) {
             return same(entry.destination, each.second);
           }) == 1;
  });
}

// Checks that a query that is done returned what the table has. The queries for lists are the last
// requests, and no request changes what the other queries read.
void check_query(const Run& run, size_t index) {
  const Response& response = *run.response;
  const Result& result = response.results[index];
  const FakeIpvs::Table& table = run.ipvs.table;
  const Wanted& wanted = kWanted[index];
  switch (wanted.operation) {
    case Operation::kGetService:
      REQUIRE(result.services == 1);
      CHECK(same(response.services.at(result.first_service).service,
                 table.at(wanted.service).service));
      return;
    case Operation::kGetDestination:
      REQUIRE(result.destinations == 1);
      CHECK(same(response.destinations.at(result.first_destination).destination,
                 table.at(wanted.service).destinations.at(wanted.destination)));
      return;
    case Operation::kListDestinations:
      CHECK(same_destinations(table.at(wanted.service), response, result.first_destination,
                              result.destinations));
      return;
    default:
      break;
  }
  REQUIRE(result.services == table.size());
  std::set<uint16_t> seen;
  for (size_t i = 0; i < result.services; ++i) {
    const ipvs::ServiceEntry& found = response.services.at(result.first_service + i);
    const uint16_t port = found.service.key.port;
    CHECK(seen.insert(port).second);
    REQUIRE(table.contains(port));
    CHECK(same(found.service, table.at(port).service));
  }
}

// Checks each result against the commands that the kernel executed on its object.
void check_results(const Run& run) {
  const Response& response = *run.response;
  REQUIRE(response.results.size() == kRequests);
  for (size_t index = 0; index < kRequests; ++index) {
    CAPTURE(index);
    const Result& result = response.results[index];
    const auto commands = run.commands_for(index);
    const auto executed = std::count_if(commands.begin(), commands.end(),
                                        [](const auto& command) { return command.error == 0; });
    const auto refused = [&](int error) {
      return std::any_of(commands.begin(), commands.end(),
                         [&](const auto& command) { return command.error == error; });
    };
    const bool query = is_query(kWanted[index].operation);
    CAPTURE(result.error);
    switch (static_cast<Status>(result.status)) {
      case Status::kDone:
        CHECK((query || executed > 0));
        if (query) check_query(run, index);
        break;
      case Status::kRefused: {
        CHECK(executed == 0);
        // An object that a query did not find is refused without a command.
        const bool read_first = query || kWanted[index].changes != 0;
        CHECK((read_first || refused(result.error)));
        break;
      }
      case Status::kNotSent:
        // A query has no commands; those on its object belong to earlier requests.
        CHECK((query || executed == 0));
        break;
      default:
        CHECK(static_cast<Status>(result.status) == Status::kLost);
        break;
    }
    // Only an ensure may be executed twice.
    if (kWanted[index].operation != Operation::kEnsureService &&
        kWanted[index].operation != Operation::kEnsureDestination) {
      CHECK(executed <= 1);
    }
  }
}

std::string summary(const Response& response) {
  std::string text;
  for (const Result& result : response.results) {
    text += std::to_string(result.status) + ':' + std::to_string(result.error) +
            (result.created != 0 ? " created, " : ", ");
  }
  return text;
}

void check_same(const Run& run, const Run& expected) {
  check_results(run);
  CHECK(summary(*run.response) == summary(*expected.response));
  CHECK(run.ipvs.table.size() == expected.ipvs.table.size());
}

}  // namespace

TEST_CASE("without a fault each request has the expected result") {
  const Run run(Fault::kNone, 0, kLong);
  REQUIRE(run.response);
  check_results(run);
  const auto refused = [](int error) { return "2:" + std::to_string(error) + ", "; };
  const std::string done = "1:0, ";
  const std::string created = "1:0 created, ";
  CHECK(summary(*run.response) ==
        done + refused(EEXIST) + done + done + created + done + refused(ESRCH) + done +
            refused(ESRCH) + done + refused(ESRCH) + done + refused(ESRCH) + done +
            refused(EEXIST) + refused(ESRCH) + done + created + done + refused(ENOENT) + done +
            refused(ENOENT) + done + refused(ENOENT) + done + done + done + done);
}

TEST_CASE("a response in reused memory has nothing of the previous response") {
  const Run expected(Fault::kNone, 0, kLong);
  REQUIRE(expected.response);
  Response memory = *expected.response;
  memory.services.resize(100);
  memory.destinations.resize(100);
  memory.daemons.resize(3);
  memory.texts.resize(5, "old");
  // A request that was skipped would be taken for done.
  for (Result& result : memory.results) result.created = 1;
  for (size_t index = 0; index < kRequests; ++index) memory.set_done(index);
  const Run run(Fault::kNone, 0, kLong, SIZE_MAX, memory);
  REQUIRE(run.response);
  check_same(run, expected);
  CHECK(run.response->services.size() == expected.response->services.size());
  CHECK(run.response->destinations.size() == expected.response->destinations.size());
  CHECK(run.response->daemons.empty());
  CHECK(run.response->texts == expected.response->texts);
}

size_t count_lost(const Response& response) {
  const auto is_lost = [](const Result& result) {
    return static_cast<Status>(result.status) == Status::kLost;
  };
  return static_cast<size_t>(
      std::count_if(response.results.begin(), response.results.end(), is_lost));
}

TEST_CASE("with any fault in any reply, each request has its own result, and a true one") {
  const Run expected(Fault::kNone, 0, kLong);
  for (const NamedFault& fault : kFaults) {
    const std::string name = fault.name;
    CAPTURE(name);
    size_t lost = 0;
    for (const milliseconds deadline : test::deadlines_for(fault)) {
      for (size_t position = 0; position < expected.replies; ++position) {
        CAPTURE(position);
        const Run run(fault.fault, position, deadline);
        CHECK((fault.harmless || run.elapsed < kSoon));
        if (!run.response) CHECK_FALSE(fault.harmless);
        if (!run.response) continue;
        if (fault.harmless) {
          check_same(run, expected);
        } else {
          check_results(run);
        }
        lost += count_lost(*run.response);
      }
      if (lost > 0) break;
    }
    CHECK((lost > 0) == !fault.harmless);
  }
}

TEST_CASE("a family whose id changes at any message makes no difference") {
  const Run expected(Fault::kNone, 0, kLong);
  REQUIRE(expected.ipvs.messages > kRequests);
  for (size_t message = 1; message < expected.ipvs.messages; ++message) {
    CAPTURE(message);
    const Run run(Fault::kNone, 0, kLong, message);
    REQUIRE(run.response);
    check_same(run, expected);
  }
}
