// Batches whose answers are malformed, or come in a storm of signals.
#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "netlink/socket.h"
#include "test/fake_kernel.h"
#include "test/random.h"
#include "test/random_batch.h"
#include "test/wire.h"

using netlink::MessageBatch;
using netlink::Messages;
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
using wire::Buffer;
using wire::join;

TEST_SUITE("malformed answers") {
  struct Case {
    const char* name;
    Buffer (*answer)(const nlmsghdr& request);
  };
  Buffer with_length(const nlmsghdr& request, uint32_t length) {
    Buffer bytes = wire::data(request, wire::hex("01 02 03 04"));
    std::memcpy(bytes.data(), &length, sizeof length);
    return bytes;
  }
  const Case kCases[] = {
      {"a length of nothing", [](const nlmsghdr& request) { return with_length(request, 0); }},
      {"a length of less than a header",
       [](const nlmsghdr& request) { return with_length(request, 15); }},
      {"a length beyond the end", [](const nlmsghdr& request) { return with_length(request, 21); }},
      {"the largest length",
       [](const nlmsghdr& request) { return with_length(request, 0xffffffff); }},
      {"half a header",
       [](const nlmsghdr& request) {
         Buffer bytes = wire::raw(request);
         bytes.resize(8);
         return bytes;
       }},
      {"one byte", [](const nlmsghdr&) { return Buffer(1); }},
      {"half an errno",
       [](const nlmsghdr& request) {
         nlmsghdr header = request;
         header.nlmsg_type = NLMSG_ERROR;
         return wire::message(header, wire::hex("01 02"));
       }},
  };

  TEST_CASE("leave the fate of what is not answered open, and are over with their batch") {
    for (const Case& one : kCases) {
      CAPTURE(one.name);
      std::atomic<bool> well = false;
      FakeKernel kernel([&](const auto& request, const auto& reply) {
        bool first = true;
        follow_instructions(request, [&](const Buffer& datagram) {
          reply(first && !well ? one.answer(request.messages[0].header) : datagram);
          first = false;
        });
      });
      Socket socket = kernel.connect();
      MessageBatch batch;
      add_instruction(batch, Instruction::kReply);
      add_instruction(batch, Instruction::kSucceed);
      add_instruction(batch, Instruction::kReply);
      add_instruction(batch, Instruction::kRefuse, EEXIST);
      size_t told = 0;
      const Stopwatch watch;
      const auto failures = socket.run(batch, [&](size_t, const Messages&) { ++told; });
      CHECK(watch.elapsed() < kSoon);
      CHECK(to_text(failures) == "0 lost 74, 1 lost 74, 3 refused 17");
      CHECK(told == 1);

      well = true;
      Random random;
      RandomBatch(random, 30).check(socket);
    }
  }

  TEST_CASE("keep what stands before the damage") {
    FakeKernel kernel([](const auto& request, const auto& reply) {
      follow_instructions(
          request, [&](const Buffer& datagram) { reply(join(datagram, wire::hex("01 02 03"))); });
    });
    Socket socket = kernel.connect();
    MessageBatch batch;
    add_instruction(batch, Instruction::kReply);
    add_instruction(batch, Instruction::kRefuse, EEXIST);
    add_instruction(batch, Instruction::kSucceed);
    size_t told = 0;
    const auto failures = socket.run(batch, [&](size_t, const Messages&) { ++told; });
    CHECK(to_text(failures) == "1 refused 17, 2 lost 74");
    CHECK(told == 1);
  }

  TEST_CASE("in the sentinel's place are no end: the deadline is") {
    FakeKernel kernel([](const auto& request, const auto& reply) {
      Buffer cut = wire::error_reply(request.messages.back().header, 0);
      cut.resize(10);
      reply(cut);
    });
    Socket socket = kernel.connect(kShort);
    MessageBatch batch;
    add_instruction(batch, Instruction::kSucceed);
    const Stopwatch watch;
    CHECK(to_text(socket.run(batch, ignore)) == to_text(0, 1, Status::kLost, ETIMEDOUT));
    CHECK(watch.elapsed() < kSoon);
  }
}

TEST_SUITE("a storm of signals") {
  TEST_CASE("does not touch the answers") {
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

  TEST_CASE("does not keep a batch from being sent") {
    std::atomic<bool> awake = false;
    FakeKernel kernel([&](const auto& request, const auto& reply) {
      while (!awake) std::this_thread::sleep_for(milliseconds(1));
      follow_instructions(request, reply);
    });
    Socket socket = kernel.connect(kShort);
    MessageBatch batch;
    while (batch.bytes().size() < 150'000)
      add_instruction(batch, Instruction::kSucceed, 0, {}, 2000);
    const SignalStorm storm;
    // The first is read and sleeps, the next fill the way, and then one must wait for it.
    std::thread alarm;
    for (int round = 0; round < 4; ++round) {
      if (round == 3) {
        alarm = std::thread([&] {
          std::this_thread::sleep_for(milliseconds(50));
          awake = true;
        });
      }
      socket.resume();
      const auto failures = socket.run(batch, ignore);
      const bool not_sent = std::any_of(failures.begin(), failures.end(), [](const auto& failure) {
        return failure.status == Status::kNotSent;
      });
      CHECK_FALSE(not_sent);
    }
    alarm.join();
    Random random;
    RandomBatch(random, 30).check(socket);
  }

  TEST_CASE("does not put off the deadline") {
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
}
