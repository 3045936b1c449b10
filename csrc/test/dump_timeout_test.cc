// Dumps that are slow, that do not end, or that signals interrupt.
#include <doctest/doctest.h>
#include <linux/netlink.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <memory>
#include <thread>

#include "netlink/socket.h"
#include "test/dumps.h"
#include "test/fake_kernel.h"
#include "test/signal_storm.h"
#include "test/stopwatch.h"
#include "test/wire.h"

using netlink::Socket;
using std::chrono::milliseconds;
using test::check_works;
using test::done;
using test::dump;
using test::Dump;
using test::dump_three;
using test::dumping;
using test::FakeKernel;
using test::item;
using test::kShort;
using test::kSoon;
using test::numbers;
using test::SignalStorm;
using wire::join;

TEST_CASE("a dump that does not end is ETIMEDOUT after the deadline") {
  for (const bool begins : {false, true}) {
    CAPTURE(begins);
    FakeKernel kernel(dumping([begins](const nlmsghdr& header, const auto& reply) {
      if (begins) reply(item(header, 0));
    }));
    Socket socket = kernel.connect(kShort);
    const Dump found = dump(socket);
    CHECK(found.error == ETIMEDOUT);
    CHECK(found.elapsed >= kShort - milliseconds(1));
    CHECK(found.elapsed < kSoon);
  }
}

TEST_CASE("a dump that does not end is ETIMEDOUT despite other messages or signals") {
  for (const bool storm : {false, true}) {
    CAPTURE(storm);
    std::atomic<bool> enough = false;
    FakeKernel kernel(dumping([&enough, storm](const nlmsghdr& header, const auto& reply) {
      nlmsghdr other = header;
      other.nlmsg_seq -= 1;
      while (!enough) {
        if (!storm) reply(item(other, 0));
        std::this_thread::sleep_for(milliseconds(5));
      }
    }));
    {
      Socket socket = kernel.connect(kShort);
      const auto signals = storm ? std::make_unique<SignalStorm>() : nullptr;
      const Dump found = dump(socket);
      enough = true;
      CHECK(found.error == ETIMEDOUT);
      CHECK(found.elapsed < kSoon);
    }
  }
}

TEST_CASE("a dump that follows an unfinished one reads that to its end and is requested again") {
  std::atomic<int> asked = 0;
  nlmsghdr first{};
  FakeKernel kernel(dumping([&](const nlmsghdr& header, const auto& reply) {
    switch (++asked) {
      case 1:
        first = header;
        return reply(item(header, 10));
      case 2:
        reply(join(item(first, 11), item(first, 12)));
        reply(wire::error_reply(header, EBUSY));
        reply(item(first, 13, 0, 30'000));
        return reply(done(first));
      default:
        return dump_three(header, reply);
    }
  }));
  Socket socket = kernel.connect(kShort);
  CHECK(dump(socket).error == ETIMEDOUT);
  check_works(socket);
  CHECK(asked == 3);
}

TEST_CASE("a dump that never becomes possible is EBUSY") {
  std::atomic<int> asked = 0;
  FakeKernel kernel(dumping([&](const nlmsghdr& header, const auto& reply) {
    ++asked;
    reply(wire::error_reply(header, EBUSY));
  }));
  Socket socket = kernel.connect();
  const Dump found = dump(socket);
  CHECK(found.error == EBUSY);
  CHECK(asked == 2);
  CHECK(found.elapsed < kSoon);
}

TEST_CASE("a dump may take longer than the deadline as long as each chunk does not") {
  for (const bool storm : {false, true}) {
    CAPTURE(storm);
    constexpr uint32_t kItems = 12;
    FakeKernel kernel(dumping([](const nlmsghdr& header, const auto& reply) {
      for (uint32_t i = 0; i < kItems; ++i) {
        std::this_thread::sleep_for(milliseconds(50));
        reply(item(header, i));
      }
      reply(done(header));
    }));
    Socket socket = kernel.connect(milliseconds(300));
    const auto signals = storm ? std::make_unique<SignalStorm>() : nullptr;
    const Dump found = dump(socket);
    CHECK(found.error == 0);
    CHECK((found.items == numbers(kItems)));
    CHECK(found.elapsed > milliseconds(500));
  }
}

TEST_CASE("signals do not disturb a dump") {
  FakeKernel kernel(dumping([](const nlmsghdr& header, const auto& reply) {
    for (uint32_t i = 0; i < 20; ++i) {
      std::this_thread::sleep_for(std::chrono::microseconds(500));
      reply(item(header, i));
    }
    reply(done(header));
  }));
  Socket socket = kernel.connect();
  const SignalStorm storm;
  for (int round = 0; round < 20; ++round) {
    const Dump found = dump(socket);
    CHECK(found.error == 0);
    CHECK((found.items == numbers(20)));
    CHECK(found.end.datagrams == 20);
  }
  CHECK(storm.handled() > 100);
}
