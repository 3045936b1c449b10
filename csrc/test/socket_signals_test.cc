// Batches during signals that interrupt system calls.
#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <thread>

#include "netlink/socket.h"
#include "test/failures.h"
#include "test/fake_kernel.h"
#include "test/instructions.h"
#include "test/random.h"
#include "test/random_batch.h"
#include "test/signal_storm.h"
#include "test/stopwatch.h"

using netlink::MessageBatch;
using netlink::Socket;
using netlink::Status;
using std::chrono::milliseconds;
using test::add_instruction;
using test::FakeKernel;
using test::follow_instructions;
using test::ignore;
using test::Instruction;
using test::kShort;
using test::kSoon;
using test::Random;
using test::RandomBatch;
using test::SignalStorm;
using test::Stopwatch;
using test::to_text;

TEST_CASE("signals do not disturb replies") {
  FakeKernel kernel([](const auto& request, const auto& reply) {
    std::this_thread::sleep_for(milliseconds(3));
    follow_instructions(request, reply);
  });
  Socket socket = kernel.connect();
  Random random;
  const SignalStorm storm;
  for (int round = 0; round < 50; ++round) RandomBatch(random, 100).check(socket);
  CHECK(storm.handled() > 100);
}

TEST_CASE("signals do not keep a batch from being sent") {
  std::atomic<bool> reads = false;
  FakeKernel kernel([&](const auto& request, const auto& reply) {
    while (!reads) std::this_thread::sleep_for(milliseconds(1));
    follow_instructions(request, reply);
  });
  Socket socket = kernel.connect(kShort);
  MessageBatch batch;
  while (batch.bytes().size() < 150'000) add_instruction(batch, Instruction::kSucceed, 0, {}, 2000);
  const SignalStorm storm;
  // The kernel reads the first batch and waits, the next ones fill the socket, the last blocks.
  std::thread waker;
  for (int round = 0; round < 4; ++round) {
    if (round == 3) {
      waker = std::thread([&] {
        std::this_thread::sleep_for(milliseconds(50));
        reads = true;
      });
    }
    socket.resume();
    const auto failures = socket.run(batch, ignore);
    const bool not_sent = std::any_of(failures.begin(), failures.end(), [](const auto& failure) {
      return failure.status == Status::kNotSent;
    });
    CHECK_FALSE(not_sent);
  }
  waker.join();
  Random random;
  RandomBatch(random, 30).check(socket);
}

TEST_CASE("signals do not postpone the deadline") {
  FakeKernel kernel([](const auto&, const auto&) {});
  Socket socket = kernel.connect(kShort);
  MessageBatch batch;
  add_instruction(batch, Instruction::kSucceed);
  const SignalStorm storm;
  const Stopwatch watch;
  CHECK(to_text(socket.run(batch, ignore)) == to_text(0, 1, Status::kLost, ETIMEDOUT));
  CHECK(watch.elapsed() >= kShort - milliseconds(1));
  CHECK(watch.elapsed() < kSoon);
  CHECK(storm.handled() > 10);
}
