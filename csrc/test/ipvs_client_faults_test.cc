// A client, with every fault at every position, and a family that changes its id at any message.
#include "ipvs/client.h"

#include <doctest/doctest.h>
#include <linux/ip_vs.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "os/error.h"
#include "test/fake_ipvs.h"
#include "test/fake_kernel.h"
#include "test/fault_injection.h"

using ipvs::Client;
using ipvs::Operation;
using ipvs::Request;
using ipvs::Response;
using ipvs::Result;
using ipvs::Status;
using netlink::same;
using std::chrono::milliseconds;
using test::FakeIpvs;
using test::FakeKernel;
using test::Fault;
using test::FaultInjector;
using test::kFaults;
using test::NamedFault;
using test::Stopwatch;

namespace {

constexpr milliseconds kLong{30'000};
constexpr milliseconds kShort{20};
// Each of the exchanges may take its deadline.
constexpr milliseconds kSoon{10'000};

// A request names an object that no other one changes, so that the deeds of the kernel are its own.
struct Wanted {
  Operation operation;
  uint16_t service = 0;
  uint16_t destination = 0;
  uint32_t changes = 0;
};
constexpr Wanted kWanted[] = {
    {Operation::kAddService, 10},
    {Operation::kAddService, 1},  // is there
    {Operation::kAddService, 11},
    {Operation::kEnsureService, 2},
    {Operation::kEnsureService, 12},  // is not there
    {Operation::kUpdateService, 3, 0, ipvs::Changes::kScheduler},
    {Operation::kUpdateService, 13, 0, ipvs::Changes::kScheduler},  // is not there
    {Operation::kDeleteService, 4},
    {Operation::kDeleteService, 14},  // is not there
    {Operation::kGetService, 5},
    {Operation::kGetService, 15},  // is not there
    {Operation::kAddDestination, 5, 3},
    {Operation::kAddDestination, 5, 1},   // is there
    {Operation::kAddDestination, 16, 1},  // has no service
    {Operation::kEnsureDestination, 5, 2},
    {Operation::kEnsureDestination, 5, 4},  // is not there
    {Operation::kUpdateDestination, 6, 1, ipvs::Changes::kWeight},
    {Operation::kUpdateDestination, 6, 9, ipvs::Changes::kWeight},  // is not there
    {Operation::kDeleteDestination, 6, 2},
    {Operation::kDeleteDestination, 6, 8},  // is not there
    {Operation::kListDestinations, 5},
    {Operation::kGetDestination, 6, 1},
    {Operation::kListServices},
    {Operation::kListDestinations, 6},
};
constexpr size_t kRequests = std::size(kWanted);

Request request_of(const Wanted& wanted) {
  Request request{};
  request.operation = static_cast<uint32_t>(wanted.operation);
  request.changes = wanted.changes;
  request.service = test::service_at(wanted.service);
  request.destination = test::destination_at(wanted.destination);
  if (wanted.changes != 0) request.service.scheduler.assign("wrr");
  if (wanted.changes != 0) request.destination.weight = 7;
  return request;
}

std::vector<Request> requests() {
  std::vector<Request> result;
  for (const Wanted& wanted : kWanted) result.push_back(request_of(wanted));
  return result;
}

FakeIpvs::Table first_table() {
  FakeIpvs::Table table;
  for (uint16_t port = 1; port <= 6; ++port) {
    FakeIpvs::Entry& entry = table[port];
    entry.service = test::service_at(port);
    for (const uint16_t each : {1, 2}) entry.destinations[each] = test::destination_at(each);
  }
  return table;
}

// What a client answered, and what the kernel did.
struct Run {
  FakeIpvs ipvs;
  std::optional<Response> response;  // none where the client found no IPVS
  milliseconds elapsed{};
  size_t replies = 0;

  Run(Fault fault, size_t position, milliseconds deadline, size_t renumber_at = SIZE_MAX,
      Response memory = {}) {
    ipvs.table = first_table();
    ipvs.renumber_at = renumber_at;
    FaultInjector injector(fault, position);
    FakeKernel kernel(injector.wrap(ipvs.behaviour()));
    const std::vector<Request> wanted = requests();
    const Stopwatch watch;
    try {
      response = Client(kernel.connect(deadline)).run(wanted, std::move(memory));
    } catch (const os::Error&) {
      CHECK_FALSE(response);
    }
    elapsed = watch.elapsed();
    replies = injector.replies();
  }

  // The deeds on the object of a request.
  std::vector<FakeIpvs::Deed> deeds_of(size_t index) const {
    std::vector<FakeIpvs::Deed> found;
    for (const auto& deed : ipvs.deeds) {
      const bool its =
          deed.service == kWanted[index].service && deed.destination == kWanted[index].destination;
      if (its) found.push_back(deed);
    }
    return found;
  }
};

bool is_reading(Operation operation) {
  static constexpr Operation kReadings[] = {Operation::kGetService, Operation::kListDestinations,
                                            Operation::kGetDestination, Operation::kListServices};
  return std::find(std::begin(kReadings), std::end(kReadings), operation) != std::end(kReadings);
}

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

// Whether a reading that is done says what is there. Nothing is changed after the readings of
// lists, nor what the other ones read.
void check_reading(const Run& run, size_t index) {
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

// Whether every request has an outcome that its object's deeds bear out.
void check_truth(const Run& run) {
  const Response& response = *run.response;
  REQUIRE(response.results.size() == kRequests);
  for (size_t index = 0; index < kRequests; ++index) {
    CAPTURE(index);
    const Result& result = response.results[index];
    const auto deeds = run.deeds_of(index);
    const auto executed =
        std::count_if(deeds.begin(), deeds.end(), [](const auto& deed) { return deed.error == 0; });
    const auto refused = [&](int error) {
      return std::any_of(deeds.begin(), deeds.end(),
                         [&](const auto& deed) { return deed.error == error; });
    };
    const bool reading = is_reading(kWanted[index].operation);
    CAPTURE(result.error);
    switch (static_cast<Status>(result.status)) {
      case Status::kDone:
        CHECK((reading || executed > 0));
        if (reading) check_reading(run, index);
        break;
      case Status::kRefused: {
        CHECK(executed == 0);
        // What was read first, and found missing, is refused without a deed.
        const bool read_first = reading || kWanted[index].changes != 0;
        CHECK((read_first || refused(result.error)));
        break;
      }
      case Status::kNotSent:
        // A reading has no deeds; those on its object are of the requests before it.
        CHECK((reading || executed == 0));
        break;
      default:
        CHECK(static_cast<Status>(result.status) == Status::kLost);
        break;
    }
    // Nothing that must happen once happens twice.
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
  check_truth(run);
  CHECK(summary(*run.response) == summary(*expected.response));
  CHECK(run.ipvs.table.size() == expected.ipvs.table.size());
}

}  // namespace

TEST_CASE("without a fault each request has the outcome that it should have") {
  const Run run(Fault::kNone, 0, kLong);
  REQUIRE(run.response);
  check_truth(run);
  const auto refused = [](int error) { return "2:" + std::to_string(error) + ", "; };
  const std::string done = "1:0, ";
  const std::string created = "1:0 created, ";
  CHECK(summary(*run.response) == done + refused(EEXIST) + done + done + created + done +
                                      refused(ESRCH) + done + refused(ESRCH) + done +
                                      refused(ESRCH) + done + refused(EEXIST) + refused(ESRCH) +
                                      done + created + done + refused(ENOENT) + done +
                                      refused(ENOENT) + done + done + done + done);
}

TEST_CASE("results in the room of others say nothing of those") {
  const Run expected(Fault::kNone, 0, kLong);
  REQUIRE(expected.response);
  Response memory = *expected.response;
  memory.services.resize(100);
  memory.destinations.resize(100);
  memory.daemons.resize(3);
  memory.texts.resize(5, "old");
  // What is not done again would be taken for done.
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

TEST_CASE("whatever happens to a reply, a request's outcome is its own, and true") {
  const Run expected(Fault::kNone, 0, kLong);
  for (const NamedFault& fault : kFaults) {
    const std::string name = fault.name;
    CAPTURE(name);
    size_t lost = 0;
    for (size_t position = 0; position < expected.replies; ++position) {
      CAPTURE(position);
      const Run run(fault.fault, position, fault.harmless ? kLong : kShort);
      CHECK((fault.harmless || run.elapsed < kSoon));
      if (!run.response) CHECK_FALSE(fault.harmless);
      if (!run.response) continue;
      if (fault.harmless) {
        check_same(run, expected);
      } else {
        check_truth(run);
      }
      for (const Result& result : run.response->results) {
        if (static_cast<Status>(result.status) == Status::kLost) ++lost;
      }
    }
    CHECK((lost > 0) == !fault.harmless);
  }
}

TEST_CASE("a family that has another id from any message on makes no difference") {
  const Run expected(Fault::kNone, 0, kLong);
  REQUIRE(expected.ipvs.messages > kRequests);
  for (size_t message = 1; message < expected.ipvs.messages; ++message) {
    CAPTURE(message);
    const Run run(Fault::kNone, 0, kLong, message);
    REQUIRE(run.response);
    check_same(run, expected);
  }
}

namespace {

// Requests that stop at the first failure, the fault at a position of the replies, and what came of
// it.
struct Stopping {
  FakeIpvs ipvs;
  std::optional<Response> response;  // none where the client found no IPVS
  size_t replies = 0;

  explicit Stopping(const std::vector<Wanted>& wanted, Fault fault = Fault::kNone,
                    size_t position = 0, milliseconds deadline = kLong) {
    std::vector<Request> requests;
    for (const Wanted& each : wanted) requests.push_back(request_of(each));
    ipvs.table = first_table();
    FaultInjector injector(fault, position);
    FakeKernel kernel(injector.wrap(ipvs.behaviour()));
    try {
      response = Client(kernel.connect(deadline)).run_until_failure(requests);
    } catch (const os::Error&) {
      CHECK_FALSE(response);
    }
    replies = injector.replies();
  }

  // Readings have no deeds.
  bool has_deed_of(const Wanted& wanted) const {
    if (is_reading(wanted.operation)) return false;
    return std::any_of(ipvs.deeds.begin(), ipvs.deeds.end(), [&](const auto& deed) {
      return deed.service == wanted.service && deed.destination == wanted.destination;
    });
  }
};

// Those of the wanted that are done, and those that are refused.
struct Sorted {
  std::vector<Wanted> done;
  std::vector<Wanted> refused;

  Sorted() {
    const Run run(Fault::kNone, 0, kLong);
    for (size_t index = 0; index < kRequests; ++index) {
      const auto status = static_cast<Status>(run.response->results[index].status);
      (status == Status::kDone ? done : refused).push_back(kWanted[index]);
    }
  }
};

}  // namespace

TEST_CASE("until a failure, all is done before the first failure and nothing is sent after it") {
  const Sorted sorted;
  REQUIRE(sorted.done.size() + sorted.refused.size() == kRequests);
  for (const Wanted& refused : sorted.refused) {
    for (size_t position = 0; position <= sorted.done.size(); ++position) {
      CAPTURE(position);
      CAPTURE(static_cast<uint32_t>(refused.operation));
      std::vector<Wanted> wanted = sorted.done;
      wanted.insert(wanted.begin() + static_cast<ptrdiff_t>(position), refused);
      const Stopping run(wanted);
      REQUIRE(run.response);
      REQUIRE(run.response->results.size() == wanted.size());
      for (size_t index = 0; index < wanted.size(); ++index) {
        CAPTURE(index);
        const Result& result = run.response->results[index];
        const auto status = static_cast<Status>(result.status);
        if (index < position) CHECK(status == Status::kDone);
        if (index == position) CHECK(status == Status::kRefused);
        if (index <= position) continue;
        CHECK(status == ipvs::kSkipped);
        CHECK(result.error == 0);
        CHECK_FALSE(run.has_deed_of(wanted[index]));
      }
    }
  }
}

TEST_CASE("until a failure, without one all is done, and nothing is nothing") {
  const Sorted sorted;
  const Stopping run(sorted.done);
  REQUIRE(run.response);
  for (const Result& result : run.response->results) {
    CHECK(static_cast<Status>(result.status) == Status::kDone);
  }
  CHECK(Stopping({}).response->results.empty());
}

TEST_CASE("until a failure, whatever happens to a reply, nothing is sent after what it was for") {
  const Sorted sorted;
  const size_t replies = Stopping(sorted.done).replies;
  for (const NamedFault& fault : kFaults) {
    const std::string name = fault.name;
    CAPTURE(name);
    size_t stopped = 0;
    for (size_t position = 0; position < replies; ++position) {
      CAPTURE(position);
      const Stopping run(sorted.done, fault.fault, position, fault.harmless ? kLong : kShort);
      if (!run.response) CHECK_FALSE(fault.harmless);
      if (!run.response) continue;
      bool failed = false;
      for (size_t index = 0; index < sorted.done.size(); ++index) {
        CAPTURE(index);
        const auto status = static_cast<Status>(run.response->results[index].status);
        CHECK((status == ipvs::kSkipped) == failed);
        if (failed) CHECK_FALSE(run.has_deed_of(sorted.done[index]));
        if (status != Status::kDone) failed = true;
      }
      if (failed) ++stopped;
    }
    CHECK((stopped > 0) == !fault.harmless);
  }
}
