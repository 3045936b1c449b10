// Batches on the running kernel.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "netlink/socket.h"
#include "os/descriptor.h"
#include "os/error.h"
#include "os/namespace.h"
#include "test/capabilities.h"
#include "test/controller.h"
#include "test/failures.h"
#include "test/random.h"
#include "test/socket_options.h"
#include "test/stopwatch.h"
#include "test/wire.h"

using netlink::Failure;
using netlink::MessageBatch;
using netlink::Messages;
using netlink::Socket;
using netlink::Status;
using os::Descriptor;
using os::Namespace;
using std::chrono::milliseconds;
using test::add_nothing;
using test::add_query;
using test::add_unknown;
using test::ControllerBatch;
using test::kDeadline;
using test::list_families;
using test::name_of;
using test::open_controller;
using test::open_descriptor;
using test::Random;
using test::Stopwatch;

namespace {

constexpr milliseconds kBeforeDeadline{10'000};

}  // namespace

TEST_CASE("5,000 queries in one batch all get a reply") {
  Socket socket = open_controller();
  MessageBatch batch;
  for (int i = 0; i < 5000; ++i) add_query(batch, "nlctrl");
  std::vector<size_t> answers(5000);
  const Stopwatch watch;
  const auto failures = socket.run(batch, [&](size_t index, const Messages& message) {
    ++answers[index];
    CHECK(name_of(message) == "nlctrl");
  });
  CHECK(watch.elapsed() < kBeforeDeadline);
  CHECK(test::to_text(failures).empty());
  CHECK((answers == std::vector<size_t>(5000, 1)));
}

TEST_CASE("5,000 wrong commands are all refused, each with its own result") {
  Socket socket = open_controller();
  MessageBatch batch;
  for (int i = 0; i < 5000; ++i) add_unknown(batch);
  size_t answers = 0;
  const auto failures = socket.run(batch, [&](size_t, const Messages&) { ++answers; });
  CHECK((test::to_text(failures) == test::to_text(0, 5000, Status::kRefused, EOPNOTSUPP)));
  CHECK(answers == 0);
}

TEST_CASE("each message of a mixed batch has its own result") {
  Socket socket = open_controller();
  Random random;
  for (int round = 0; round < 100; ++round) {
    CAPTURE(round);
    ControllerBatch(random, random.below(round % 20 == 0 ? 3000 : 100)).check(socket);
  }
}

TEST_CASE("a socket with minimal buffers has the same results, in more datagrams") {
  Descriptor descriptor = open_descriptor();
  const int least = 1;
  ::setsockopt(descriptor.get(), SOL_SOCKET, SO_SNDBUF, &least, sizeof least);
  ::setsockopt(descriptor.get(), SOL_SOCKET, SO_RCVBUF, &least, sizeof least);
  Socket socket(std::move(descriptor), kDeadline);
  Random random;
  ControllerBatch(random, 500).check(socket);
  CHECK(list_families(socket).size() >= 1);
}

TEST_CASE("a socket without capabilities has the same results, within the system's limits") {
  test::without_capabilities([] {
    Socket socket = open_controller();
    Random random;
    ControllerBatch(random, 3000).check(socket);
    CHECK(list_families(socket).size() >= 1);
  });
}

TEST_CASE("refusals carry the kernel's message") {
  Socket socket = open_controller();
  MessageBatch batch;
  add_query(batch, std::string(100, 'x'));
  add_query(batch, "nlctrl");
  const auto failures = socket.run(batch, [](size_t, const Messages&) {});
  REQUIRE(failures.size() == 1);
  CHECK(failures[0].text == "Attribute failed policy validation");
}

TEST_CASE("an overrun is reported as lost at once, and the socket still works") {
  Socket socket(open_descriptor(), kDeadline);
  Random random;
  for (const bool queries : {true, false}) {
    CAPTURE(queries);
    // Smaller than the socket assumes, so that most replies are dropped.
    test::set_option(socket.descriptor(), SO_RCVBUF, 1);
    MessageBatch batch;
    for (int i = 0; i < 1000; ++i) queries ? add_query(batch, "nlctrl") : add_unknown(batch);

    std::vector<size_t> known(1000);
    const Stopwatch watch;
    const auto failures = socket.run(batch, [&](size_t index, const Messages&) { ++known[index]; });
    CHECK(watch.elapsed() < kBeforeDeadline);
    size_t lost = 0;
    for (const Failure& failure : failures) {
      ++known.at(failure.index);
      if (failure.status == Status::kLost) {
        CHECK(failure.error == ENOBUFS);
        ++lost;
      } else {
        CHECK_FALSE(queries);
        CHECK(failure.error == EOPNOTSUPP);
      }
    }
    CHECK((known == std::vector<size_t>(1000, 1)));  // one result each
    CHECK(lost > 100);
    CHECK(lost < 1000);

    test::set_option(socket.descriptor(), SO_RCVBUF, 200'000);
    for (int round = 0; round < 3; ++round) ControllerBatch(random, 200).check(socket);
    CHECK(list_families(socket).size() >= 1);
  }
}

TEST_CASE("replies forged by another process are ignored") {
  Socket socket = Socket::open(NETLINK_GENERIC, Namespace(), milliseconds(2000));
  sockaddr_nl ours{};
  socklen_t length = sizeof ours;
  REQUIRE(::getsockname(socket.descriptor(), reinterpret_cast<sockaddr*>(&ours), &length) == 0);

  const Descriptor forger = open_descriptor();
  size_t forged = 0;
  for (uint32_t sequence = 1; sequence <= 5; ++sequence) {
    nlmsghdr request{};
    request.nlmsg_seq = sequence;
    request.nlmsg_pid = ours.nl_pid;
    const wire::Buffer forgery = wire::error_reply(request, EPERM, "forged");
    const ssize_t sent = ::sendto(forger.get(), forgery.data(), forgery.size(), 0,
                                  reinterpret_cast<sockaddr*>(&ours), sizeof ours);
    if (sent > 0) ++forged;
  }
  if (forged == 0) {
    MESSAGE("NOT TESTED: sending to others takes CAP_NET_ADMIN, which we lack");
    return;
  }
  MessageBatch batch;
  add_query(batch, "nlctrl");
  add_nothing(batch);
  add_unknown(batch);
  size_t answers = 0;
  const auto failures = socket.run(batch, [&](size_t, const Messages&) { ++answers; });
  CHECK(test::to_text(failures) == "2 refused 95");
  CHECK(answers == 1);
}

TEST_CASE("a protocol that does not exist is an error of socket()") {
  try {
    Socket::open(31, Namespace());
    FAIL("there is such a protocol");
  } catch (const os::Error& error) {
    CHECK(error.error() == EPROTONOSUPPORT);
    CHECK(error.syscall() == "socket");
  }
}

TEST_CASE("several threads may use a socket each") {
  std::vector<std::thread> threads;
  threads.reserve(4);
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([] {
      Socket socket = open_controller();
      Random random;
      for (int round = 0; round < 10; ++round) ControllerBatch(random, 200).check(socket);
    });
  }
  for (std::thread& thread : threads) thread.join();
}
