// Replies and events of any size, against a kernel of ours.
#include <doctest/doctest.h>
#include <linux/netlink.h>

#include <cerrno>
#include <chrono>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "netlink/socket.h"
#include "os/descriptor.h"
#include "test/dumps.h"
#include "test/failures.h"
#include "test/fake_kernel.h"
#include "test/instructions.h"
#include "test/socket_options.h"
#include "test/wire.h"

using netlink::MessageBatch;
using netlink::Messages;
using netlink::Socket;
using test::add_instruction;
using test::dump;
using test::Dump;
using test::dumping;
using test::FakeKernel;
using test::follow_instructions;
using test::Instruction;
using test::to_text;
using wire::Buffer;
using wire::join;

namespace {

// The kernel's largest message is some 66 KiB: a link with all the alternative names that it
// allows.
constexpr size_t kWhole[] = {4000, 8192, 8193, 32'768, 40'000, 70'000, 128 * 1024};
constexpr size_t kCut = 150'000;

// Answers queries with payloads of `size`, refuses what wants to be refused with a copy of as long
// a request, and obeys otherwise.
FakeKernel::Behaviour answering(size_t size) {
  return [size](const FakeKernel::Request& request, const FakeKernel::Reply& reply) {
    for (const auto& message : request.messages) {
      const nlmsghdr& header = message.header;
      if (header.nlmsg_type == Instruction::kReply) {
        reply(wire::data(header, Buffer(size - sizeof header)));
      } else if (header.nlmsg_type == Instruction::kRefuse) {
        nlmsghdr verdict = header;
        verdict.nlmsg_type = NLMSG_ERROR;
        verdict.nlmsg_flags = NLM_F_ACK_TLVS;
        nlmsghdr copied = header;
        const Buffer words =
            wire::attribute(NLMSGERR_ATTR_MSG, join(wire::text("enough"), Buffer(1)));
        const size_t copy = (size - 2 * sizeof header - 4 - words.size()) & ~size_t{3};
        copied.nlmsg_len = static_cast<uint32_t>(sizeof header + copy);
        reply(wire::message(verdict, join(wire::raw(int32_t{-test::instruction_of(message).number}),
                                          wire::raw(copied), Buffer(copy), words)));
      } else if ((header.nlmsg_flags & NLM_F_ACK) != 0) {
        reply(wire::error_reply(header, 0));
      }
    }
  };
}

// Replies to a request for a dump with `count` items of `size`, each in a datagram of its own.
FakeKernel::Behaviour dumping_items(size_t size, uint32_t count) {
  return dumping([size, count](const nlmsghdr& request, const FakeKernel::Reply& reply) {
    const size_t empty = test::item(request, 0).size();
    for (uint32_t i = 0; i < count; ++i) reply(test::item(request, i, 0, size - empty));
    reply(test::done(request));
  });
}

struct Answered {
  std::string failures;
  std::vector<size_t> sizes;
};

Answered run(Socket& socket, std::initializer_list<uint16_t> wishes) {
  MessageBatch batch;
  for (const uint16_t instruction : wishes) add_instruction(batch, instruction, EPERM);
  Answered result;
  result.failures = to_text(socket.run(batch, [&](size_t, const Messages& message) {
    result.sizes.push_back(message.header().nlmsg_len);
  }));
  return result;
}

Buffer event(size_t size) {
  const nlmsghdr header{
      .nlmsg_len = 0, .nlmsg_type = 16, .nlmsg_flags = 0, .nlmsg_seq = 0, .nlmsg_pid = 0};
  return wire::message(header, Buffer(size - sizeof header));
}

// Takes until nothing is left: the sizes of the events, and 0 for an overrun.
std::vector<size_t> take(Socket& socket) {
  std::vector<size_t> sizes;
  Socket::Received received;
  do {
    received = socket.receive(
        [&](const Messages& message) { sizes.push_back(message.header().nlmsg_len); });
    if (received.overrun) sizes.push_back(0);
  } while (received.more);
  return sizes;
}

}  // namespace

TEST_CASE("an answer of any size that the kernel sends is read whole, and so is a refusal") {
  for (const size_t size : kWhole) {
    CAPTURE(size);
    FakeKernel kernel(answering(size));
    Socket socket = kernel.connect();
    const Answered answered =
        run(socket, {Instruction::kReply, Instruction::kRefuse, Instruction::kSucceed,
                     Instruction::kReply, Instruction::kReply});
    CHECK(answered.failures == "1 refused 1 enough");
    CHECK((answered.sizes == std::vector<size_t>(3, size)));
  }
}

TEST_CASE("an answer larger than the buffer is lost alone, and fits when it is asked for again") {
  // A refusal that is cut is lost as well: what it refuses cannot be seen.
  for (const uint16_t instruction : {Instruction::kReply, Instruction::kRefuse}) {
    FakeKernel kernel(answering(kCut));
    Socket socket = kernel.connect();
    const Answered cut = run(socket, {Instruction::kSucceed, instruction, Instruction::kSucceed});
    CHECK(cut.failures == to_text(1, 2, netlink::Status::kLost, EMSGSIZE));
    CHECK(cut.sizes.empty());
    const Answered whole = run(socket, {Instruction::kSucceed, instruction, Instruction::kSucceed});
    CHECK(whole.failures == (instruction == Instruction::kReply ? "" : "1 refused 1 enough"));
    CHECK((whole.sizes == std::vector<size_t>(instruction == Instruction::kReply ? 1 : 0, kCut)));
  }
}

TEST_CASE("once answers were large, fewer are asked for at a time") {
  FakeKernel kernel(answering(60'000));
  os::Descriptor descriptor = kernel.take_descriptor();
  test::set_option(descriptor.get(), SO_RCVBUF, 200'000);
  Socket socket(std::move(descriptor), std::chrono::seconds(30));
  const auto asked_at_once = [&] {
    const size_t before = kernel.requests().size();
    CHECK(run(socket, {Instruction::kReply, Instruction::kReply, Instruction::kReply,
                       Instruction::kReply, Instruction::kReply, Instruction::kReply})
              .failures.empty());
    return 6.0 / static_cast<double>(kernel.requests().size() - before);
  };
  CHECK(asked_at_once() == 6);
  CHECK(asked_at_once() <= 3);
}

TEST_CASE("a chunk of a dump is read whole, also above 32 KiB") {
  for (const size_t size : kWhole) {
    CAPTURE(size);
    FakeKernel kernel(dumping_items(size, 3));
    Socket socket = kernel.connect();
    const Dump listed = dump(socket);
    CHECK((listed.sizes == std::vector<size_t>(3, size)));
    CHECK_FALSE(listed.end.interrupted);
  }
}

TEST_CASE("a chunk larger than the buffer interrupts its dump, and fits the next time") {
  FakeKernel kernel(dumping_items(kCut, 2));
  Socket socket = kernel.connect();
  CHECK(dump(socket).end.interrupted);
  const Dump again = dump(socket);
  CHECK((again.sizes == std::vector<size_t>(2, kCut)));
  CHECK_FALSE(again.end.interrupted);
}

TEST_CASE("a cut chunk that a dump left behind does not touch the batch after it") {
  FakeKernel kernel([](const FakeKernel::Request& request, const FakeKernel::Reply& reply) {
    nlmsghdr stale = request.messages.at(0).header;
    stale.nlmsg_seq -= 1;
    reply(wire::data(stale, Buffer(kCut)));
    follow_instructions(request, reply);
  });
  Socket socket = kernel.connect();
  CHECK(run(socket, {Instruction::kReply, Instruction::kSucceed, Instruction::kRefuse}).failures ==
        "2 refused 1");
}

TEST_CASE("events of any size that the kernel sends are taken whole") {
  for (const size_t size : kWhole) {
    CAPTURE(size);
    FakeKernel kernel(follow_instructions);
    Socket socket = kernel.connect();
    kernel.send(event(size));
    CHECK((take(socket) == std::vector<size_t>{size}));
  }
}

TEST_CASE("an event larger than the buffer is an overrun, and the next one fits") {
  FakeKernel kernel(follow_instructions);
  Socket socket = kernel.connect();
  kernel.send(event(kCut));
  kernel.send(event(100));
  CHECK((take(socket) == std::vector<size_t>{100, 0}));
  kernel.send(event(kCut));
  CHECK((take(socket) == std::vector<size_t>{kCut}));
}

TEST_CASE("events that are cut between two messages are an overrun") {
  FakeKernel kernel([](const auto&, const auto&) {});
  Socket socket = kernel.connect();
  // The first fills the buffer, and nothing of it is damaged.
  kernel.send(join(event(kWhole[std::size(kWhole) - 1]), event(32)));
  CHECK((take(socket) == std::vector<size_t>{kWhole[std::size(kWhole) - 1], 0}));
}
