// Batches sent to a fake kernel: their datagrams, and messages that cannot be sent.
#include "netlink/socket.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <stdexcept>
#include <utility>
#include <vector>

#include "os/descriptor.h"
#include "os/error.h"
#include "test/failures.h"
#include "test/fake_kernel.h"
#include "test/instructions.h"
#include "test/random.h"
#include "test/random_batch.h"
#include "test/socket_options.h"

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
using test::Random;
using test::RandomBatch;
using test::set_option;
using test::to_text;

namespace {

// Returns the messages that arrived, without the sentinels.
std::vector<FakeKernel::Message> arrived_messages(const FakeKernel& kernel) {
  std::vector<FakeKernel::Message> all;
  for (const auto& request : kernel.requests()) {
    for (const auto& message : request.messages) {
      if (message.header.nlmsg_type != NLMSG_NOOP) all.push_back(message);
    }
  }
  return all;
}

}  // namespace

TEST_CASE("commands go in one datagram followed by a sentinel, and no reply means success") {
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

TEST_CASE("a batch can be run again") {
  FakeKernel kernel(follow_instructions);
  Socket socket = kernel.connect();
  Random random;
  RandomBatch plan(random, 50);
  for (int round = 0; round < 3; ++round) plan.check(socket);
}

TEST_CASE("a socket can be moved between batches") {
  FakeKernel kernel(follow_instructions);
  Socket first = kernel.connect();
  Random random;
  RandomBatch(random, 20).check(first);
  Socket second(std::move(first));
  RandomBatch(random, 20).check(second);
}

TEST_CASE("a batch is divided into datagrams that fit, each with a sentinel of its own") {
  Random random;
  for (const int send_buffer : {4096, 20'000, 100'000, 1'000'000}) {
    for (const int receive_buffer : {1024, 20'000, 1'000'000}) {
      FakeKernel kernel(follow_instructions);
      Descriptor descriptor = kernel.take_descriptor();
      const auto send_buffer_size =
          static_cast<size_t>(set_option(descriptor.get(), SO_SNDBUF, send_buffer));
      const auto receive_buffer_size =
          static_cast<size_t>(set_option(descriptor.get(), SO_RCVBUF, receive_buffer));
      CAPTURE(send_buffer_size);
      CAPTURE(receive_buffer_size);
      Socket socket(std::move(descriptor), std::chrono::seconds(30));

      MessageBatch batch;
      constexpr int kMessages = 1500;
      for (int i = 0; i < kMessages; ++i) {
        const uint16_t type = random.chance(10) ? Instruction::kReply : Instruction::kSucceed;
        // A reply must fit its buffer; a command may have any size.
        const size_t size =
            random.below(type == Instruction::kSucceed && random.chance(5) ? 4000 : 200);
        add_instruction(batch, type, i, {}, size);
      }
      size_t replies = 0;
      CHECK(to_text(socket.run(batch, [&](size_t, const Messages&) { ++replies; })).empty());

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
        // The replies must fit the receive buffer, unless the datagram has one command.
        CHECK(bytes <= std::min<size_t>(send_buffer_size - 32, 256 * 1024 + 16));
        CHECK((answers <= receive_buffer_size || commands == 1));
      }
      CHECK(expected == kMessages);
      CHECK(replies == queries);
      const size_t least = batch.bytes().size() / send_buffer_size + 1;
      if (receive_buffer == 1'000'000 && send_buffer <= 20'000) {
        CHECK(requests.size() <= 3 * least);  // and not many more than needed
      }
    }
  }
}

TEST_CASE("datagrams become smaller if less can be sent than promised") {
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
  const auto arrived = arrived_messages(kernel);
  REQUIRE(arrived.size() == 500);
  for (int i = 0; i < 500; ++i)
    CHECK(test::instruction_of(arrived[static_cast<size_t>(i)]).number == i + 1);
}

TEST_CASE("a message that cannot be sent ends the batch, and messages before it are done") {
  FakeKernel kernel(follow_instructions);
  Socket socket = kernel.connect();
  const auto room = static_cast<size_t>(set_option(socket.descriptor(), SO_SNDBUF, 1024));
  MessageBatch batch;
  for (int i = 0; i < 10; ++i) add_instruction(batch, Instruction::kSucceed, i);
  add_instruction(batch, Instruction::kSucceed, 10, {}, room);
  for (int i = 11; i < 15; ++i) add_instruction(batch, Instruction::kSucceed, i);
  CHECK(to_text(socket.run(batch, ignore)) == to_text(10, 15, Status::kNotSent, EMSGSIZE));
  CHECK(arrived_messages(kernel).size() == 10);
}

TEST_CASE("messages that cannot be sent are reported as not sent") {
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

TEST_CASE("a negative deadline is an error of setsockopt()") {
  FakeKernel kernel(follow_instructions);
  CHECK_THROWS_AS(kernel.connect(milliseconds(-1)), os::Error);
}

TEST_CASE("a batch lets an exception of its callback through, and the socket still works") {
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
