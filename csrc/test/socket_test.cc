// Batches, against a kernel of ours, which can be made to misbehave.
#include "netlink/socket.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "os/error.h"
#include "test/fake_kernel.h"
#include "test/random.h"
#include "test/random_batch.h"
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
using test::Stopwatch;
using test::to_text;
using wire::Buffer;
using wire::join;

namespace {

// The sequence numbers of a socket: to see them wrap would otherwise take 2^32 messages. An
// explicit instantiation may name what is private.
uint32_t& sequence_of(Socket& socket);
template <auto Member>
struct Exposed {
  friend uint32_t& sequence_of(Socket& socket) { return socket.*Member; }
};
template struct Exposed<&Socket::sequence_>;

// A kernel that says much besides: replies to others, to what is long past and what is to come; and
// several things in one breath.
FakeKernel::Behaviour obey_noisily() {
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

int set_option(int fd, int name, int value) {
  socklen_t length = sizeof value;
  REQUIRE(::setsockopt(fd, SOL_SOCKET, name, &value, length) == 0);
  REQUIRE(::getsockopt(fd, SOL_SOCKET, name, &value, &length) == 0);
  return value;
}

// The wishes that arrived, without the sentinels.
std::vector<FakeKernel::Message> wishes(const FakeKernel& kernel) {
  std::vector<FakeKernel::Message> all;
  for (const auto& request : kernel.requests()) {
    for (const auto& message : request.messages) {
      if (message.header.nlmsg_type != NLMSG_NOOP) all.push_back(message);
    }
  }
  return all;
}

}  // namespace

TEST_CASE("commands go in one datagram with a sentinel behind them, and silence is success") {
  FakeKernel kernel(follow_instructions);
  Socket socket = kernel.connect();
  MessageBatch batch;
  for (int i = 0; i < 20; ++i) add_instruction(batch, Instruction::kSucceed, i);
  CHECK(to_text(socket.run(batch, ignore)).empty());

  const auto requests = kernel.requests();
  REQUIRE(requests.size() == 1);
  REQUIRE(requests[0].messages.size() == 21);
  for (int i = 0; i < 20; ++i) {
    const FakeKernel::Message& message = requests[0].messages[static_cast<size_t>(i)];
    CHECK(message.header.nlmsg_flags == NLM_F_REQUEST);
    CHECK(test::instruction_of(message).number == i);
  }
  const nlmsghdr& sentinel = requests[0].messages.back().header;
  CHECK(sentinel.nlmsg_type == NLMSG_NOOP);
  CHECK(sentinel.nlmsg_flags == (NLM_F_REQUEST | NLM_F_ACK));
  CHECK(sentinel.nlmsg_len == sizeof(nlmsghdr));
}

TEST_CASE("an empty batch sends nothing") {
  FakeKernel kernel(follow_instructions);
  Socket socket = kernel.connect();
  MessageBatch batch;
  CHECK(socket.run(batch, ignore).empty());
  CHECK(kernel.requests().empty());
}

TEST_CASE("each message gets its own answer, whatever is said besides") {
  for (const bool noisy : {false, true}) {
    CAPTURE(noisy);
    FakeKernel kernel(noisy ? obey_noisily() : follow_instructions);
    Socket socket = kernel.connect();
    Random random;
    for (int round = 0; round < 200; ++round) {
      CAPTURE(round);
      RandomBatch(random, random.below(round % 20 == 0 ? 1500 : 60)).check(socket);
    }
  }
}

TEST_CASE("a batch can be run again") {
  FakeKernel kernel(follow_instructions);
  Socket socket = kernel.connect();
  Random random;
  RandomBatch plan(random, 50);
  for (int round = 0; round < 3; ++round) plan.check(socket);
}

TEST_CASE("sequence numbers wrap") {
  Random random;
  FakeKernel kernel(obey_noisily());
  Socket socket = kernel.connect();
  for (uint32_t before = 0; before < 40; ++before) {
    CAPTURE(before);
    sequence_of(socket) = ~uint32_t{0} - before;
    RandomBatch(random, 30).check(socket);
    RandomBatch(random, 30).check(socket);
  }
}

TEST_CASE("a socket can be moved between batches") {
  FakeKernel kernel(follow_instructions);
  Socket first = kernel.connect();
  Random random;
  RandomBatch(random, 20).check(first);
  Socket second(std::move(first));
  RandomBatch(random, 20).check(second);
}

TEST_CASE("a batch is cut into datagrams that fit, each with a sentinel of its own") {
  Random random;
  for (const int send_buffer : {4096, 20'000, 100'000, 1'000'000}) {
    for (const int receive_buffer : {1024, 20'000, 1'000'000}) {
      FakeKernel kernel(follow_instructions);
      Descriptor descriptor = kernel.take_descriptor();
      const auto send_room =
          static_cast<size_t>(set_option(descriptor.get(), SO_SNDBUF, send_buffer));
      const auto receive_room =
          static_cast<size_t>(set_option(descriptor.get(), SO_RCVBUF, receive_buffer));
      CAPTURE(send_room);
      CAPTURE(receive_room);
      Socket socket(std::move(descriptor), std::chrono::seconds(30));

      MessageBatch batch;
      constexpr int kMessages = 1500;
      for (int i = 0; i < kMessages; ++i) {
        const uint16_t type = random.chance(10) ? Instruction::kReply : Instruction::kSucceed;
        // What is told must fit a slot for replies; what is done may be of any size.
        const size_t size =
            random.below(type == Instruction::kSucceed && random.chance(5) ? 4000 : 200);
        add_instruction(batch, type, i, {}, size);
      }
      size_t told = 0;
      CHECK(to_text(socket.run(batch, [&](size_t, const Messages&) { ++told; })).empty());

      int expected = 0;
      size_t queries = 0;
      const auto requests = kernel.requests();
      for (const auto& [bytes, messages] : requests) {
        const size_t commands = messages.size() - 1;
        size_t answers = 1024;
        for (size_t i = 0; i < commands; ++i) {
          CHECK(test::instruction_of(messages[i]).number == expected++);
          const bool query = messages[i].header.nlmsg_type == Instruction::kReply;
          queries += query ? 1 : 0;
          answers += query ? 8192 : 1024;
          CHECK(messages[i].header.nlmsg_seq == messages[0].header.nlmsg_seq + i);
        }
        CHECK(messages.back().header.nlmsg_type == NLMSG_NOOP);
        CHECK(messages.back().header.nlmsg_seq == messages[0].header.nlmsg_seq + commands);
        // What the kernel charges must not exceed the buffers, unless there is no smaller way.
        CHECK(bytes <= std::min<size_t>(send_room - 32, 256 * 1024 + 16));
        CHECK((answers <= receive_room || commands == 1));
      }
      CHECK(expected == kMessages);
      CHECK(told == queries);
      const size_t least = batch.bytes().size() / send_room + 1;
      if (receive_buffer == 1'000'000 && send_buffer <= 20'000) {
        CHECK(requests.size() <= 3 * least);  // neither more than is needed
      }
    }
  }
}

TEST_CASE("when less can be sent than was promised, the datagrams become smaller") {
  FakeKernel kernel(follow_instructions);
  Socket socket = kernel.connect();
  const auto room = static_cast<size_t>(set_option(socket.descriptor(), SO_SNDBUF, 1024));
  MessageBatch batch;
  std::vector<netlink::Failure> refused;
  for (int i = 0; i < 500; ++i) {
    add_instruction(batch, i % 7 == 0 ? Instruction::kRefuse : Instruction::kSucceed, i + 1, "", 9);
    if (i % 7 == 0) refused.push_back({static_cast<size_t>(i), i + 1, Status::kRefused, {}});
  }
  REQUIRE(batch.bytes().size() > 4 * room);
  CHECK(to_text(socket.run(batch, ignore)) == to_text(refused));
  const auto arrived = wishes(kernel);
  REQUIRE(arrived.size() == 500);
  for (int i = 0; i < 500; ++i)
    CHECK(test::instruction_of(arrived[static_cast<size_t>(i)]).number == i + 1);
}

TEST_CASE("a message that cannot be sent at all ends the batch; what was before it is done") {
  FakeKernel kernel(follow_instructions);
  Socket socket = kernel.connect();
  const auto room = static_cast<size_t>(set_option(socket.descriptor(), SO_SNDBUF, 1024));
  MessageBatch batch;
  for (int i = 0; i < 10; ++i) add_instruction(batch, Instruction::kSucceed, i);
  add_instruction(batch, Instruction::kSucceed, 10, {}, room);
  for (int i = 11; i < 15; ++i) add_instruction(batch, Instruction::kSucceed, i);
  CHECK(to_text(socket.run(batch, ignore)) == to_text(10, 15, Status::kNotSent, EMSGSIZE));
  CHECK(wishes(kernel).size() == 10);
}

TEST_CASE("what cannot be sent is not sent") {
  int ends[2];
  REQUIRE(::socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) == 0);
  Socket socket{Descriptor(ends[0])};
  ::close(ends[1]);
  MessageBatch batch;
  for (int i = 0; i < 5; ++i) add_instruction(batch, Instruction::kSucceed);
  CHECK(to_text(socket.run(batch, ignore)) == to_text(0, 5, Status::kNotSent, EPIPE));
}

TEST_CASE("only a socket can be taken over") {
  try {
    Socket socket{Descriptor()};
    FAIL("no socket");
  } catch (const os::Error& error) {
    CHECK(error.error() == EBADF);
    CHECK(error.syscall() == "getsockname");
  }
  CHECK_THROWS_AS(Socket(Descriptor(::open("/dev/null", O_RDONLY))), os::Error);
}

TEST_CASE("a deadline in the past is an error of setsockopt()") {
  FakeKernel kernel(follow_instructions);
  CHECK_THROWS_AS(kernel.connect(milliseconds(-1)), os::Error);
}

TEST_CASE("replies with the numbers just before and behind a batch do not concern it") {
  FakeKernel kernel([](const auto& request, const auto& reply) {
    nlmsghdr before = request.messages.front().header;
    nlmsghdr behind = request.messages.back().header;
    --before.nlmsg_seq;
    ++behind.nlmsg_seq;
    for (const nlmsghdr& header : {before, behind}) {
      reply(wire::error_reply(header, EPERM));
      reply(wire::data(header, Buffer(4)));
    }
    follow_instructions(request, reply);
  });
  Socket socket = kernel.connect();
  MessageBatch batch;
  for (int i = 0; i < 3; ++i) add_instruction(batch, Instruction::kSucceed);
  size_t told = 0;
  CHECK(to_text(socket.run(batch, [&](size_t, const Messages&) { ++told; })).empty());
  CHECK(told == 0);
}

TEST_CASE("only the acknowledgement of the sentinel is the end of the replies") {
  FakeKernel kernel([](const auto& request, const auto& reply) {
    reply(wire::data(request.messages.back().header, Buffer(4)));
    std::this_thread::sleep_for(milliseconds(20));
    follow_instructions(request, reply);
  });
  Socket socket = kernel.connect();
  MessageBatch batch;
  add_instruction(batch, Instruction::kRefuse, EEXIST);
  add_instruction(batch, Instruction::kReply);
  size_t told = 0;
  const auto failures = socket.run(batch, [&](size_t, const Messages&) { ++told; });
  CHECK(to_text(failures) == "0 refused 17");
  CHECK(told == 1);
}

TEST_CASE("a query that is passed over in silence is lost") {
  FakeKernel kernel(follow_instructions);
  Socket socket = kernel.connect();
  MessageBatch batch;
  add_instruction(batch, Instruction::kReply);
  add_instruction(batch, Instruction::kDropReply);
  add_instruction(batch, Instruction::kSucceed);
  CHECK(to_text(socket.run(batch, ignore)) == to_text(1, 2, Status::kLost, ENODATA));
}

TEST_CASE("an acknowledgement is no answer to a query") {
  FakeKernel kernel([](const auto& request, const auto& reply) {
    for (const auto& message : request.messages) reply(wire::error_reply(message.header, 0));
  });
  Socket socket = kernel.connect();
  MessageBatch batch;
  add_instruction(batch, Instruction::kReply);
  add_instruction(batch, Instruction::kSucceed);
  CHECK(to_text(socket.run(batch, ignore)) == to_text(0, 1, Status::kLost, ENODATA));
}

TEST_SUITE("without an end to the answers") {
  TEST_CASE("silence lasts for the deadline, and nothing more is sent") {
    FakeKernel kernel([](const auto&, const auto&) {});
    Descriptor descriptor = kernel.take_descriptor();
    set_option(descriptor.get(), SO_RCVBUF, 1024);  // room for the answer to one command
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

  TEST_CASE("what was answered before is known") {
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
    size_t told = 0;
    const Stopwatch watch;
    const auto failures = socket.run(batch, [&](size_t, const Messages&) { ++told; });
    CHECK(watch.elapsed() < kSoon);
    CHECK(told == 1);
    CHECK(to_text(failures) == "1 lost 110, 2 refused 17 there, 3 lost 110");
  }

  TEST_CASE("nothing more is sent either when every message was answered") {
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

  TEST_CASE("endless talk of something else is silence") {
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

  TEST_CASE("answers that come after all do not meddle with the next batch") {
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
}

TEST_CASE("what a callback throws comes out, and the socket works on") {
  FakeKernel kernel(follow_instructions);
  Socket socket = kernel.connect();
  MessageBatch batch;
  for (int i = 0; i < 50; ++i) add_instruction(batch, Instruction::kReply);
  for (int round = 0; round < 5; ++round) {
    CHECK_THROWS_AS(
        socket.run(batch, [](size_t, const Messages&) { throw std::runtime_error("enough"); }),
        std::runtime_error);
    Random random;
    RandomBatch(random, 30).check(socket);
  }
}
