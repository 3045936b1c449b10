// Large and truncated replies and events, from a fake kernel.
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

// The largest message of the kernel has some 66 KiB: a link with as many alternative names as
// possible.
constexpr size_t kWhole[] = {4000, 8192, 8193, 32'768, 40'000, 70'000, 128 * 1024};
constexpr size_t kTooLarge = 150'000;

// Replies to queries with messages of `size`. Refuses with messages of that size, which have a copy
// of the request. Follows other instructions.
FakeKernel::Behaviour replying(size_t size) {
  return [size](const FakeKernel::Request& request, const FakeKernel::Reply& reply) {
    for (const auto& message : request.messages) {
      const nlmsghdr& header = message.header;
      if (header.nlmsg_type == Instruction::kReply) {
        reply(wire::data(header, Buffer(size - sizeof header)));
      } else if (header.nlmsg_type == Instruction::kRefuse) {
        nlmsghdr error = header;
        error.nlmsg_type = NLMSG_ERROR;
        error.nlmsg_flags = NLM_F_ACK_TLVS;
        nlmsghdr copied = header;
        const Buffer words =
            wire::attribute(NLMSGERR_ATTR_MSG, join(wire::text("enough"), Buffer(1)));
        const size_t copy = (size - 2 * sizeof header - 4 - words.size()) & ~size_t{3};
        copied.nlmsg_len = static_cast<uint32_t>(sizeof header + copy);
        reply(wire::message(error, join(wire::raw(int32_t{-test::instruction_of(message).number}),
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

struct BatchResult {
  std::string failures;
  std::vector<size_t> sizes;
};

BatchResult run(Socket& socket, std::initializer_list<uint16_t> instructions) {
  MessageBatch batch;
  for (const uint16_t instruction : instructions) add_instruction(batch, instruction, EPERM);
  BatchResult result;
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

// Takes all events. Returns their sizes, with 0 for an overrun.
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

TEST_CASE("replies and refusals of any size that the kernel sends are read whole") {
  for (const size_t size : kWhole) {
    CAPTURE(size);
    FakeKernel kernel(replying(size));
    Socket socket = kernel.connect();
    const BatchResult result =
        run(socket, {Instruction::kReply, Instruction::kRefuse, Instruction::kSucceed,
                     Instruction::kReply, Instruction::kReply});
    CHECK(result.failures == "1 refused 1 enough");
    CHECK((result.sizes == std::vector<size_t>(3, size)));
  }
}

TEST_CASE("only a reply larger than the buffer is lost, and it fits when it is requested again") {
  // A truncated refusal is lost too, because it does not show what it refuses.
  for (const uint16_t instruction : {Instruction::kReply, Instruction::kRefuse}) {
    FakeKernel kernel(replying(kTooLarge));
    Socket socket = kernel.connect();
    const BatchResult cut =
        run(socket, {Instruction::kSucceed, instruction, Instruction::kSucceed});
    CHECK(cut.failures == to_text(1, 2, netlink::Status::kLost, EMSGSIZE));
    CHECK(cut.sizes.empty());
    const BatchResult whole =
        run(socket, {Instruction::kSucceed, instruction, Instruction::kSucceed});
    CHECK(whole.failures == (instruction == Instruction::kReply ? "" : "1 refused 1 enough"));
    CHECK((whole.sizes ==
           std::vector<size_t>(instruction == Instruction::kReply ? 1 : 0, kTooLarge)));
  }
}

TEST_CASE("after large replies, fewer are requested at a time") {
  FakeKernel kernel(replying(60'000));
  os::Descriptor descriptor = kernel.take_descriptor();
  test::set_option(descriptor.get(), SO_RCVBUF, 200'000);
  Socket socket(std::move(descriptor), std::chrono::seconds(30));
  const auto requested_at_once = [&] {
    const size_t before = kernel.requests().size();
    CHECK(run(socket, {Instruction::kReply, Instruction::kReply, Instruction::kReply,
                       Instruction::kReply, Instruction::kReply, Instruction::kReply})
              .failures.empty());
    return 6.0 / static_cast<double>(kernel.requests().size() - before);
  };
  CHECK(requested_at_once() == 6);
  CHECK(requested_at_once() <= 3);
}

TEST_CASE("a chunk of a dump is read whole, even above 32 KiB") {
  for (const size_t size : kWhole) {
    CAPTURE(size);
    FakeKernel kernel(dumping_items(size, 3));
    Socket socket = kernel.connect();
    const Dump listed = dump(socket);
    CHECK((listed.sizes == std::vector<size_t>(3, size)));
    CHECK_FALSE(listed.end.interrupted);
  }
}

TEST_CASE("a chunk larger than the buffer interrupts its dump and fits the next time") {
  FakeKernel kernel(dumping_items(kTooLarge, 2));
  Socket socket = kernel.connect();
  CHECK(dump(socket).end.interrupted);
  const Dump again = dump(socket);
  CHECK((again.sizes == std::vector<size_t>(2, kTooLarge)));
  CHECK_FALSE(again.end.interrupted);
}

TEST_CASE("a truncated chunk left behind by a dump does not disturb the next batch") {
  FakeKernel kernel([](const FakeKernel::Request& request, const FakeKernel::Reply& reply) {
    nlmsghdr stale = request.messages.at(0).header;
    stale.nlmsg_seq -= 1;
    reply(wire::data(stale, Buffer(kTooLarge)));
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
  kernel.send(event(kTooLarge));
  kernel.send(event(100));
  CHECK((take(socket) == std::vector<size_t>{100, 0}));
  kernel.send(event(kTooLarge));
  CHECK((take(socket) == std::vector<size_t>{kTooLarge}));
}

TEST_CASE("events cut between two messages are an overrun") {
  FakeKernel kernel([](const auto&, const auto&) {});
  Socket socket = kernel.connect();
  // The first event fills the buffer and is well-formed.
  kernel.send(join(event(kWhole[std::size(kWhole) - 1]), event(32)));
  CHECK((take(socket) == std::vector<size_t>{kWhole[std::size(kWhole) - 1], 0}));
}
