// Batches whose replies do not end before the deadline.
#include <doctest/doctest.h>
#include <linux/netlink.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <thread>
#include <utility>

#include "netlink/socket.h"
#include "os/descriptor.h"
#include "test/failures.h"
#include "test/fake_kernel.h"
#include "test/instructions.h"
#include "test/random.h"
#include "test/random_batch.h"
#include "test/socket_options.h"
#include "test/stopwatch.h"
#include "test/wire.h"

using netlink::MessageBatch;
using netlink::Messages;
using netlink::Socket;
using netlink::Status;
using os::Descriptor;
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
using test::set_option;
using test::Stopwatch;
using test::to_text;
using wire::Buffer;
using wire::join;

TEST_CASE("a missing reply is waited for until the deadline, and nothing more is sent") {
  FakeKernel kernel([](const auto&, const auto&) {});
  Descriptor descriptor = kernel.take_descriptor();
  set_option(descriptor.get(), SO_RCVBUF, 1024);  // enough for the reply to one command
  Socket socket(std::move(descriptor), kShort);
  MessageBatch batch;
  for (int i = 0; i < 4; ++i) add_instruction(batch, Instruction::kSucceed);

  const Stopwatch watch;
  const auto failures = socket.run(batch, ignore);
  CHECK(watch.elapsed() >= kShort - milliseconds(1));
  CHECK(watch.elapsed() < kSoon);
  CHECK(to_text(failures) == to_text(0, 1, Status::kLost, ETIMEDOUT) + ", " +
                                 to_text(1, 4, Status::kNotSent, ETIMEDOUT));
  CHECK(kernel.requests().size() == 1);
}

TEST_CASE("replies before a timeout are known") {
  FakeKernel kernel([](auto request, const auto& reply) {
    request.messages.pop_back();
    follow_instructions(request, reply);
  });
  Socket socket = kernel.connect(kShort);
  MessageBatch batch;
  add_instruction(batch, Instruction::kReply);
  add_instruction(batch, Instruction::kSucceed);
  add_instruction(batch, Instruction::kRefuse, EEXIST, "there");
  add_instruction(batch, Instruction::kDropReply);
  size_t replies = 0;
  const Stopwatch watch;
  const auto failures = socket.run(batch, [&](size_t, const Messages&) { ++replies; });
  CHECK(watch.elapsed() < kSoon);
  CHECK(replies == 1);
  CHECK(to_text(failures) == "1 lost 110, 2 refused 17 there, 3 lost 110");
}

TEST_CASE("nothing more is sent after a timeout even if every message was answered") {
  FakeKernel kernel([](auto request, const auto& reply) {
    request.messages.pop_back();
    follow_instructions(request, reply);
  });
  Descriptor descriptor = kernel.take_descriptor();
  set_option(descriptor.get(), SO_RCVBUF, 1024);
  Socket socket(std::move(descriptor), kShort);
  MessageBatch batch;
  for (int i = 0; i < 3; ++i) add_instruction(batch, Instruction::kRefuse, EEXIST);
  const auto failures = socket.run(batch, ignore);
  CHECK(to_text(failures) == "0 refused 17, " + to_text(1, 3, Status::kNotSent, ETIMEDOUT));
  CHECK(kernel.requests().size() == 1);
}

TEST_CASE("endless unrelated messages do not postpone the deadline") {
  std::atomic<bool> enough = false;
  FakeKernel kernel([&](const auto& request, const auto& reply) {
    nlmsghdr header = request.messages[0].header;
    header.nlmsg_seq -= 1;
    while (!enough) {
      reply(wire::error_reply(header, EPERM));
      std::this_thread::sleep_for(milliseconds(5));
    }
  });
  {
    Socket socket = kernel.connect(kShort);
    MessageBatch batch;
    add_instruction(batch, Instruction::kSucceed);
    const Stopwatch watch;
    const auto failures = socket.run(batch, ignore);
    enough = true;
    CHECK(watch.elapsed() < kSoon);
    CHECK(to_text(failures) == to_text(0, 1, Status::kLost, ETIMEDOUT));
  }
}

TEST_CASE("late replies do not disturb the next batch") {
  Buffer late;
  FakeKernel kernel([&](const auto& request, const auto& reply) {
    const bool first = late.empty();
    if (!first) reply(late);
    follow_instructions(
        request, first ? [&](const Buffer& datagram) { late = join(late, datagram); } : reply);
  });
  Socket socket = kernel.connect(kShort);
  MessageBatch batch;
  for (int i = 0; i < 3; ++i) add_instruction(batch, Instruction::kRefuse, EPERM);
  CHECK(to_text(socket.run(batch, ignore)) == to_text(0, 3, Status::kLost, ETIMEDOUT));
  Random random;
  for (int round = 0; round < 3; ++round) RandomBatch(random, 30).check(socket);
}
