// Replies of a fake kernel: which message of a batch they belong to, if any.
#include <doctest/doctest.h>
#include <linux/netlink.h>

#include <cerrno>
#include <chrono>
#include <memory>
#include <thread>

#include "netlink/socket.h"
#include "test/failures.h"
#include "test/fake_kernel.h"
#include "test/instructions.h"
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
using test::Random;
using test::RandomBatch;
using test::to_text;
using wire::Buffer;
using wire::join;

namespace {

// Gives access to the sequence number of a socket, which otherwise wraps after 2^32 messages. An
// explicit instantiation may name private members.
uint32_t& sequence_of(Socket& socket);

template <auto Member>
struct Exposed {
  friend uint32_t& sequence_of(Socket& socket) { return socket.*Member; }
};

template struct Exposed<&Socket::sequence_>;

// A kernel that follows instructions and adds noise: replies to other sockets and with wrong
// sequence numbers. It sends several messages in a datagram.
FakeKernel::Behaviour follow_instructions_noisily() {
  return [random = std::make_shared<Random>()](const auto& request, const auto& reply) {
    const uint32_t first = request.messages.front().header.nlmsg_seq;
    const uint32_t last = request.messages.back().header.nlmsg_seq;
    const auto noise = [&] {
      nlmsghdr header = request.messages[random->below(request.messages.size())].header;
      const auto far = static_cast<uint32_t>(random->between(1, 100'000));
      switch (random->below(3)) {
        case 0:
          header.nlmsg_pid += far;
          break;
        case 1:
          header.nlmsg_seq = first - far;
          break;
        default:
          header.nlmsg_seq = last + far;
          break;
      }
      return random->chance(50) ? wire::error_reply(header, random->chance(50) ? EPERM : 0, "noise")
                                : wire::data(header, random->bytes(random->below(60)));
    };
    Buffer pending;
    follow_instructions(request, [&](const Buffer& datagram) {
      if (random->chance(30)) pending = join(pending, noise());
      pending = join(pending, datagram);
      if (random->chance(30)) pending = join(pending, noise());
      if (pending.size() < 3000 && random->chance(50)) return;
      reply(pending);
      pending.clear();
    });
    if (!pending.empty()) reply(pending);
  };
}

}  // namespace

TEST_CASE("each message gets its own reply, among any other messages") {
  for (const bool noisy : {false, true}) {
    CAPTURE(noisy);
    FakeKernel kernel(noisy ? follow_instructions_noisily() : follow_instructions);
    Socket socket = kernel.connect();
    Random random;
    for (int round = 0; round < 200; ++round) {
      CAPTURE(round);
      RandomBatch(random, random.below(round % 20 == 0 ? 1500 : 60)).check(socket);
    }
  }
}

TEST_CASE("sequence numbers wrap around") {
  Random random;
  FakeKernel kernel(follow_instructions_noisily());
  Socket socket = kernel.connect();
  for (uint32_t before = 0; before < 40; ++before) {
    CAPTURE(before);
    sequence_of(socket) = ~uint32_t{0} - before;
    RandomBatch(random, 30).check(socket);
    RandomBatch(random, 30).check(socket);
  }
}

TEST_CASE("replies with the sequence numbers just before and after a batch are ignored") {
  FakeKernel kernel([](const auto& request, const auto& reply) {
    nlmsghdr before = request.messages.front().header;
    nlmsghdr after = request.messages.back().header;
    --before.nlmsg_seq;
    ++after.nlmsg_seq;
    for (const nlmsghdr& header : {before, after}) {
      reply(wire::error_reply(header, EPERM));
      reply(wire::data(header, Buffer(4)));
    }
    follow_instructions(request, reply);
  });
  Socket socket = kernel.connect();
  MessageBatch batch;
  for (int i = 0; i < 3; ++i) add_instruction(batch, Instruction::kSucceed);
  size_t replies = 0;
  CHECK(to_text(socket.run(batch, [&](size_t, const Messages&) { ++replies; })).empty());
  CHECK(replies == 0);
}

TEST_CASE("only the acknowledgement of the sentinel ends the replies") {
  FakeKernel kernel([](const auto& request, const auto& reply) {
    reply(wire::data(request.messages.back().header, Buffer(4)));
    std::this_thread::sleep_for(milliseconds(20));
    follow_instructions(request, reply);
  });
  Socket socket = kernel.connect();
  MessageBatch batch;
  add_instruction(batch, Instruction::kRefuse, EEXIST);
  add_instruction(batch, Instruction::kReply);
  size_t replies = 0;
  const auto failures = socket.run(batch, [&](size_t, const Messages&) { ++replies; });
  CHECK(to_text(failures) == "0 refused 17");
  CHECK(replies == 1);
}

TEST_CASE("a query without a reply is lost") {
  FakeKernel kernel(follow_instructions);
  Socket socket = kernel.connect();
  MessageBatch batch;
  add_instruction(batch, Instruction::kReply);
  add_instruction(batch, Instruction::kDropReply);
  add_instruction(batch, Instruction::kSucceed);
  CHECK(to_text(socket.run(batch, ignore)) == to_text(1, 2, Status::kLost, ENODATA));
}

TEST_CASE("an acknowledgement is no reply to a query") {
  FakeKernel kernel([](const auto& request, const auto& reply) {
    for (const auto& message : request.messages) reply(wire::error_reply(message.header, 0));
  });
  Socket socket = kernel.connect();
  MessageBatch batch;
  add_instruction(batch, Instruction::kReply);
  add_instruction(batch, Instruction::kSucceed);
  CHECK(to_text(socket.run(batch, ignore)) == to_text(0, 1, Status::kLost, ENODATA));
}
