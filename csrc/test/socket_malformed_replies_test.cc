// Batches whose replies are malformed.
#include <doctest/doctest.h>
#include <linux/netlink.h>

#include <atomic>
#include <cerrno>
#include <cstring>

#include "netlink/socket.h"
#include "test/failures.h"
#include "test/fake_kernel.h"
#include "test/instructions.h"
#include "test/random.h"
#include "test/random_batch.h"
#include "test/stopwatch.h"
#include "test/wire.h"

using netlink::MessageBatch;
using netlink::Messages;
using netlink::Socket;
using netlink::Status;
using test::add_instruction;
using test::FakeKernel;
using test::follow_instructions;
using test::ignore;
using test::Instruction;
using test::kShort;
using test::kSoon;
using test::Random;
using test::RandomBatch;
using test::Stopwatch;
using test::to_text;
using wire::Buffer;
using wire::join;

namespace {

struct Case {
  const char* name;
  Buffer (*reply)(const nlmsghdr& request);
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

}  // namespace

TEST_CASE("after a malformed reply, messages without a reply are lost, and the next batch works") {
  for (const Case& one : kCases) {
    CAPTURE(one.name);
    std::atomic<bool> works = false;
    FakeKernel kernel([&](const auto& request, const auto& reply) {
      bool first = true;
      follow_instructions(request, [&](const Buffer& datagram) {
        reply(first && !works ? one.reply(request.messages[0].header) : datagram);
        first = false;
      });
    });
    Socket socket = kernel.connect();
    MessageBatch batch;
    add_instruction(batch, Instruction::kReply);
    add_instruction(batch, Instruction::kSucceed);
    add_instruction(batch, Instruction::kReply);
    add_instruction(batch, Instruction::kRefuse, EEXIST);
    size_t replies = 0;
    const Stopwatch watch;
    const auto failures = socket.run(batch, [&](size_t, const Messages&) { ++replies; });
    CHECK(watch.elapsed() < kSoon);
    CHECK(to_text(failures) == "0 lost 74, 1 lost 74, 3 refused 17");
    CHECK(replies == 1);

    works = true;
    Random random;
    RandomBatch(random, 30).check(socket);
  }
}

TEST_CASE("messages before a malformed one in a datagram are read") {
  FakeKernel kernel([](const auto& request, const auto& reply) {
    follow_instructions(
        request, [&](const Buffer& datagram) { reply(join(datagram, wire::hex("01 02 03"))); });
  });
  Socket socket = kernel.connect();
  MessageBatch batch;
  add_instruction(batch, Instruction::kReply);
  add_instruction(batch, Instruction::kRefuse, EEXIST);
  add_instruction(batch, Instruction::kSucceed);
  size_t replies = 0;
  const auto failures = socket.run(batch, [&](size_t, const Messages&) { ++replies; });
  CHECK(to_text(failures) == "1 refused 17, 2 lost 74");
  CHECK(replies == 1);
}

TEST_CASE("a malformed reply to the sentinel does not end a batch, but the deadline does") {
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
