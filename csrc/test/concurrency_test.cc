// Values and clients that several threads use at the same time.
#include <doctest/doctest.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <future>
#include <memory>
#include <thread>
#include <vector>

#include "binding/clients.h"
#include "os/error.h"
#include "os/namespace.h"
#include "os/synchronized.h"
#include "test/fake_ipvs.h"
#include "test/fake_kernel.h"
#include "test/stopwatch.h"
#include "test/wire.h"

using binding::Clients;
using os::Namespace;
using os::Synchronized;
using std::chrono::milliseconds;
using test::FakeIpvs;
using test::FakeKernel;

namespace {

constexpr milliseconds kPause{50};
constexpr int kRounds = 30;

Clients::Netns here() { return std::make_shared<const Namespace>(); }

rtnl::Request get_link(uint32_t index) {
  rtnl::Request request{};
  request.operation = static_cast<uint32_t>(rtnl::Operation::kGetLink);
  request.link.index = index;
  return request;
}

// Replies to each query for a link with its index, and acknowledges the sentinel.
void reply_with_links(const FakeKernel::Request& request, const FakeKernel::Reply& reply) {
  for (const auto& message : request.messages) {
    if (message.header.nlmsg_type == NLMSG_NOOP) {
      reply(wire::error_reply(message.header, 0));
    } else {
      nlmsghdr header = message.header;
      header.nlmsg_type = RTM_NEWLINK;
      reply(wire::data(header, {message.payload.begin(), message.payload.begin() + 16}));
    }
  }
}

// Runs `action` on several threads at the same time, each with its number.
template <typename Action>
void run_in_parallel(Action action) {
  constexpr int kThreads = 4;
  std::atomic<int> arrived = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      ++arrived;
      while (arrived < kThreads) std::this_thread::yield();
      action(i);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

// Returns the errno of what `action` throws, or 0.
template <typename Action>
int error_of(Action action) {
  try {
    action();
    return 0;
  } catch (const os::Error& error) {
    return error.error();
  }
}

}  // namespace

TEST_CASE("Synchronized hands its value to one thread at a time") {
  Synchronized<int> value(0);
  std::atomic<int> inside = 0;
  std::atomic<int> most = 0;
  run_in_parallel([&](int) {
    for (int round = 0; round < 20; ++round) {
      value.with([&](int& number) {
        if (++inside > 1) most = 2;
        const int before = number;
        std::this_thread::sleep_for(std::chrono::microseconds(200));
        number = before + 1;
        --inside;
      });
    }
  });
  CHECK(most == 0);
  CHECK(value.with([](int& number) { return number; }) == 80);
  CHECK_THROWS(value.with([](int&) -> int { throw os::Error(EPERM, "no"); }));
  CHECK(value.with([](int& number) { return number; }) == 80);
}

TEST_CASE("calls on IPVS from several threads each get their own response") {
  FakeIpvs ipvs;
  for (uint16_t port = 1; port <= 4; ++port) ipvs.table[port].service = test::service_at(port);
  FakeKernel kernel([behave = ipvs.behaviour()](const auto& request, const auto& reply) {
    std::this_thread::sleep_for(std::chrono::microseconds(300));
    behave(request, reply);
  });
  Clients clients;
  clients.open(here(), ipvs::Client(kernel.connect(test::kSoon)), {});
  run_in_parallel([&](int thread) {
    const auto port = static_cast<uint16_t>(thread + 1);
    const std::vector<ipvs::Request> requests(
        5, test::request_for(ipvs::Operation::kGetService, port));
    for (int round = 0; round < kRounds; ++round) {
      const auto response = clients.run(requests, round % 2 == 0, {});
      REQUIRE(response.services.size() == requests.size());
      for (const auto& entry : response.services) REQUIRE(entry.service.key.port == port);
    }
  });
}

TEST_CASE("calls on links from several threads each get their own response") {
  FakeKernel kernel([](const auto& request, const auto& reply) {
    std::this_thread::sleep_for(std::chrono::microseconds(300));
    reply_with_links(request, reply);
  });
  Clients clients;
  clients.open(here(), {}, rtnl::Client(kernel.connect(test::kSoon)));
  run_in_parallel([&](int thread) {
    const auto index = static_cast<uint32_t>(thread + 1);
    const std::vector<rtnl::Request> requests(5, get_link(index));
    for (int round = 0; round < kRounds; ++round) {
      const auto response = clients.run_links(requests, {});
      REQUIRE(response.links.size() == requests.size());
      for (const auto& link : response.links) REQUIRE(link.index == index);
    }
  });
}

namespace {

// Closes while `call` waits for a slow kernel.
template <typename Open, typename Call>
void check_close_waits(FakeKernel::Behaviour answer, Open open, Call call) {
  std::promise<void> asked;
  std::promise<void> closing;
  std::atomic<bool> armed = false;
  std::atomic<bool> answered = false;
  FakeKernel kernel([&](const auto& request, const auto& reply) {
    const bool held = armed.exchange(false);
    if (held) {
      asked.set_value();
      closing.get_future().wait();
      std::this_thread::sleep_for(kPause);
    }
    answered = answered || held;
    answer(request, reply);
  });
  Clients clients;
  open(clients, kernel);
  armed = true;
  std::thread caller([&] { CHECK(call(clients)); });
  asked.get_future().wait();
  CHECK(clients.netns());  // does not wait
  CHECK_FALSE(answered);
  closing.set_value();
  clients.close();
  CHECK(answered);
  caller.join();
  CHECK(error_of([&] { call(clients); }) == EBADF);
  CHECK(error_of([&] { clients.netns(); }) == EBADF);
  clients.close();
}

}  // namespace

TEST_CASE("close() waits for a running call on IPVS, which gets its response") {
  FakeIpvs ipvs;
  ipvs.table[1].service = test::service_at(1);
  check_close_waits(
      ipvs.behaviour(),
      [](Clients& clients, FakeKernel& kernel) {
        clients.open(here(), ipvs::Client(kernel.connect()), {});
      },
      [](Clients& clients) {
        const ipvs::Request request = test::request_for(ipvs::Operation::kGetService);
        return clients.run({&request, 1}, false, {}).services.size() == 1;
      });
}

TEST_CASE("close() waits for a running call on links, which gets its response") {
  check_close_waits(
      reply_with_links,
      [](Clients& clients, FakeKernel& kernel) {
        clients.open(here(), {}, rtnl::Client(kernel.connect()));
      },
      [](Clients& clients) {
        const rtnl::Request request = get_link(1);
        return clients.run_links({&request, 1}, {}).links.size() == 1;
      });
}
