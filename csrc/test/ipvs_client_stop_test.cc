// An IPVS client that stops at the first failure.
#include "ipvs/client.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "os/error.h"
#include "test/dumps.h"
#include "test/fake_ipvs.h"
#include "test/fake_kernel.h"
#include "test/fault_injection.h"
#include "test/ipvs_requests.h"

using ipvs::Client;
using ipvs::Request;
using ipvs::Response;
using ipvs::Result;
using ipvs::Status;
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
using test::request_of;
using test::requests;
using test::Wanted;

namespace {

constexpr milliseconds kLong{30'000};

// A run that stops at the first failure, with a fault at a position of the replies.
struct StoppingRun {
  FakeIpvs ipvs;
  std::optional<Response> response;  // nullopt if the client did not find IPVS
  size_t replies = 0;

  explicit StoppingRun(const std::vector<Wanted>& wanted, Fault fault = Fault::kNone,
                       size_t position = 0, milliseconds deadline = kLong) {
    std::vector<Request> requests;
    for (const Wanted& each : wanted) requests.push_back(request_of(each));
    ipvs.table = initial_table();
    FaultInjector injector(fault, position);
    FakeKernel kernel(injector.wrap(ipvs.behaviour()));
    try {
      response = Client(kernel.connect(deadline)).run_until_failure(requests);
    } catch (const os::Error&) {
      CHECK_FALSE(response);
    }
    replies = injector.replies();
  }

  // Queries have no commands.
  bool has_command_for(const Wanted& wanted) const {
    if (is_query(wanted.operation)) return false;
    return std::any_of(ipvs.commands.begin(), ipvs.commands.end(), [&](const auto& command) {
      return command.service == wanted.service && command.destination == wanted.destination;
    });
  }
};

// The requests of kWanted by their result.
struct Sorted {
  std::vector<Wanted> done;
  std::vector<Wanted> refused;

  Sorted() {
    FakeIpvs ipvs;
    ipvs.table = initial_table();
    FakeKernel kernel(ipvs.behaviour());
    const Response response = Client(kernel.connect(kLong)).run(test::requests());
    for (size_t index = 0; index < kRequests; ++index) {
      const auto status = static_cast<Status>(response.results[index].status);
      (status == Status::kDone ? done : refused).push_back(kWanted[index]);
    }
  }
};

}  // namespace

TEST_CASE("a client that stops at a failure does everything before it and sends nothing after it") {
  const Sorted sorted;
  REQUIRE(sorted.done.size() + sorted.refused.size() == kRequests);
  for (const Wanted& refused : sorted.refused) {
    for (size_t position = 0; position <= sorted.done.size(); ++position) {
      CAPTURE(position);
      CAPTURE(static_cast<uint32_t>(refused.operation));
      std::vector<Wanted> wanted = sorted.done;
      wanted.insert(wanted.begin() + static_cast<ptrdiff_t>(position), refused);
      const StoppingRun run(wanted);
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
        CHECK_FALSE(run.has_command_for(wanted[index]));
      }
    }
  }
}

TEST_CASE("a client that stops at a failure does everything if there is none, or no requests") {
  const Sorted sorted;
  const StoppingRun run(sorted.done);
  REQUIRE(run.response);
  for (const Result& result : run.response->results) {
    CHECK(static_cast<Status>(result.status) == Status::kDone);
  }
  CHECK(StoppingRun({}).response->results.empty());
}

// Checks that nothing was sent after a request that failed. Returns false if none failed.
bool has_stopped(const StoppingRun& run, const std::vector<Wanted>& requests) {
  bool failed = false;
  for (size_t index = 0; index < requests.size(); ++index) {
    CAPTURE(index);
    const auto status = static_cast<Status>(run.response->results[index].status);
    CHECK((status == ipvs::kSkipped) == failed);
    if (failed) CHECK_FALSE(run.has_command_for(requests[index]));
    if (status != Status::kDone) failed = true;
  }
  return failed;
}

TEST_CASE("with any fault in any reply, a client that stops at a failure sends nothing after it") {
  const Sorted sorted;
  const size_t replies = StoppingRun(sorted.done).replies;
  for (const NamedFault& fault : kFaults) {
    const std::string name = fault.name;
    CAPTURE(name);
    size_t stopped = 0;
    for (const milliseconds deadline : test::deadlines_for(fault)) {
      for (size_t position = 0; position < replies; ++position) {
        CAPTURE(position);
        const StoppingRun run(sorted.done, fault.fault, position, deadline);
        if (!run.response) CHECK_FALSE(fault.harmless);
        if (!run.response) continue;
        if (has_stopped(run, sorted.done)) ++stopped;
      }
      if (stopped > 0) break;
    }
    CHECK((stopped > 0) == !fault.harmless);
  }
}
