// Batches and dumps on the running kernel. Every Linux has generic netlink and its controller,
// which needs no rights.
#include <doctest/doctest.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "netlink/generic.h"
#include "netlink/socket.h"
#include "os/error.h"
#include "test/capabilities.h"
#include "test/fake_kernel.h"
#include "test/other_namespace.h"
#include "test/random.h"
#include "test/wire.h"

using netlink::Failure;
using netlink::MessageBatch;
using netlink::Messages;
using netlink::ReplyKind;
using netlink::Socket;
using netlink::Status;
using os::Descriptor;
using os::Namespace;
using std::chrono::milliseconds;
using test::OtherNamespace;
using test::Random;
using test::SignalStorm;
using test::Stopwatch;

namespace {

// Long, so that what waits for it is noticed.
constexpr milliseconds kDeadline{30'000};
constexpr milliseconds kSoon{10'000};

Socket open_here() { return Socket::open(NETLINK_GENERIC, Namespace(), kDeadline); }

void add_query(MessageBatch& batch, std::string_view family) {
  batch.begin(GENL_ID_CTRL, 0, genlmsghdr{.cmd = CTRL_CMD_GETFAMILY, .version = 1, .reserved = 0},
              ReplyKind::kData);
  batch.put_string(CTRL_ATTR_FAMILY_NAME, family);
  batch.end();
}

// A command that the controller does not have: EOPNOTSUPP.
void add_unknown(MessageBatch& batch) {
  batch.begin(GENL_ID_CTRL, 0, genlmsghdr{.cmd = 200, .version = 1, .reserved = 0},
              ReplyKind::kErrorOnly);
  batch.end();
}

// A command that no family takes: ENOENT.
void add_homeless(MessageBatch& batch) {
  batch.begin(0xfff0, 0, genlmsghdr{.cmd = 1, .version = 1, .reserved = 0}, ReplyKind::kErrorOnly);
  batch.end();
}

// A message that the kernel executes, doing nothing.
void add_nothing(MessageBatch& batch) {
  batch.begin(NLMSG_NOOP, 0, genlmsghdr{}, ReplyKind::kErrorOnly);
  batch.end();
}

std::string name_of(const Messages& message) {
  auto attributes = message.attributes(netlink::kGenericHeader);
  while (attributes.next()) {
    if (attributes.type() == CTRL_ATTR_FAMILY_NAME) return std::string(attributes.string());
  }
  return {};
}

MessageBatch list_request() {
  MessageBatch batch;
  batch.begin(GENL_ID_CTRL, NLM_F_DUMP,
              genlmsghdr{.cmd = CTRL_CMD_GETFAMILY, .version = 1, .reserved = 0},
              ReplyKind::kErrorOnly);
  batch.end();
  return batch;
}

std::vector<std::string> list(Socket& socket) {
  std::vector<std::string> names;
  MessageBatch request = list_request();
  const auto end =
      socket.dump(request, [&](const Messages& message) { names.push_back(name_of(message)); });
  CHECK_FALSE(end.interrupted);
  CHECK(end.datagrams >= 1);
  CHECK(std::count(names.begin(), names.end(), "nlctrl") == 1);
  return names;
}

Descriptor open_descriptor() {
  Descriptor descriptor(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC));
  REQUIRE(descriptor);
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  REQUIRE(::bind(descriptor.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  return descriptor;
}

void set_receive_buffer(const Socket& socket, int bytes) {
  REQUIRE(::setsockopt(socket.descriptor(), SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes) == 0);
}

// A batch of all kinds, and what the kernel makes of it.
struct Plan {
  MessageBatch batch;
  std::vector<std::optional<int>> errors;  // none: an answer of data

  Plan(Random& random, size_t messages) {
    for (size_t i = 0; i < messages; ++i) {
      switch (random.below(5)) {
        case 0:
          add_query(batch, "nlctrl");
          errors.emplace_back();
          break;
        case 1:
          add_query(batch, "no_such_" + random.word(4));
          errors.emplace_back(ENOENT);
          break;
        case 2:
          add_unknown(batch);
          errors.emplace_back(EOPNOTSUPP);
          break;
        case 3:
          add_homeless(batch);
          errors.emplace_back(ENOENT);
          break;
        default:
          add_nothing(batch);
          errors.emplace_back(0);
          break;
      }
    }
  }

  void check(Socket& socket) {
    std::vector<size_t> told(errors.size());
    const auto failures = socket.run(batch, [&](size_t index, const Messages& message) {
      ++told[index];
      CHECK(name_of(message) == "nlctrl");
    });
    std::vector<Failure> expected;
    for (size_t i = 0; i < errors.size(); ++i) {
      CHECK(told[i] == (errors[i] ? 0 : 1));
      if (errors[i].value_or(0) != 0) expected.push_back({i, *errors[i], Status::kRefused, {}});
    }
    REQUIRE(test::to_text(failures) == test::to_text(expected));
  }
};

}  // namespace

TEST_CASE("5,000 queries in one batch are all answered") {
  Socket socket = open_here();
  MessageBatch batch;
  for (int i = 0; i < 5000; ++i) add_query(batch, "nlctrl");
  std::vector<size_t> answers(5000);
  const Stopwatch watch;
  const auto failures = socket.run(batch, [&](size_t index, const Messages& message) {
    ++answers[index];
    CHECK(name_of(message) == "nlctrl");
  });
  CHECK(watch.elapsed() < kSoon);
  CHECK(test::to_text(failures).empty());
  CHECK((answers == std::vector<size_t>(5000, 1)));
}

TEST_CASE("5,000 commands that are wrong are all refused, each in its place") {
  Socket socket = open_here();
  MessageBatch batch;
  for (int i = 0; i < 5000; ++i) add_unknown(batch);
  size_t answers = 0;
  const auto failures = socket.run(batch, [&](size_t, const Messages&) { ++answers; });
  CHECK((test::to_text(failures) == test::to_text(0, 5000, Status::kRefused, EOPNOTSUPP)));
  CHECK(answers == 0);
}

TEST_CASE("batches of all kinds, each message with its own answer") {
  Socket socket = open_here();
  Random random;
  for (int round = 0; round < 100; ++round) {
    CAPTURE(round);
    Plan(random, random.below(round % 20 == 0 ? 3000 : 100)).check(socket);
  }
}

TEST_CASE("a socket with the least of buffers does the same, in more datagrams") {
  Descriptor descriptor = open_descriptor();
  const int least = 1;
  ::setsockopt(descriptor.get(), SOL_SOCKET, SO_SNDBUF, &least, sizeof least);
  ::setsockopt(descriptor.get(), SOL_SOCKET, SO_RCVBUF, &least, sizeof least);
  Socket socket(std::move(descriptor), kDeadline);
  Random random;
  Plan(random, 500).check(socket);
  CHECK(list(socket).size() >= 1);
}

TEST_CASE("a socket without rights does the same, within the system's limits") {
  test::without_capabilities([] {
    Socket socket = open_here();
    Random random;
    Plan(random, 3000).check(socket);
    CHECK(list(socket).size() >= 1);
  });
}

TEST_CASE("the kernel's words come with its refusals") {
  Socket socket = open_here();
  MessageBatch batch;
  add_query(batch, std::string(100, 'x'));
  add_query(batch, "nlctrl");
  const auto failures = socket.run(batch, [](size_t, const Messages&) {});
  REQUIRE(failures.size() == 1);
  CHECK(failures[0].text == "Attribute failed policy validation");
}

TEST_CASE("an overrun is told as lost at once, and the socket works on") {
  Socket socket(open_descriptor(), kDeadline);
  Random random;
  for (const bool queries : {true, false}) {
    CAPTURE(queries);
    // Less than the socket believes to have: most answers are dropped.
    set_receive_buffer(socket, 1);
    MessageBatch batch;
    for (int i = 0; i < 1000; ++i) queries ? add_query(batch, "nlctrl") : add_unknown(batch);

    std::vector<size_t> known(1000);
    const Stopwatch watch;
    const auto failures = socket.run(batch, [&](size_t index, const Messages&) { ++known[index]; });
    CHECK(watch.elapsed() < kSoon);
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
    CHECK((known == std::vector<size_t>(1000, 1)));  // one word on each, and no second
    CHECK(lost > 100);
    CHECK(lost < 1000);

    set_receive_buffer(socket, 200'000);
    for (int round = 0; round < 3; ++round) Plan(random, 200).check(socket);
    CHECK(list(socket).size() >= 1);
  }
}

TEST_CASE("answers that others forge are not taken for the kernel's") {
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
    const wire::Buffer verdict = wire::error_reply(request, EPERM, "forged");
    const ssize_t sent = ::sendto(forger.get(), verdict.data(), verdict.size(), 0,
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

TEST_CASE("lists are complete, time and again") {
  Socket socket = open_here();
  const auto names = list(socket);
  CHECK(std::set(names.begin(), names.end()).size() == names.size());
  Random random;
  for (int round = 0; round < 50; ++round) {
    CHECK((list(socket) == names));
    Plan(random, 20).check(socket);
  }
}

TEST_SUITE("a list of many chunks") {
  constexpr uint32_t kAddresses = 3000;

  // In a namespace of our own, where the loopback device has that many addresses.
  Socket open_crowd(const OtherNamespace& other) {
    Socket socket = Socket::open(NETLINK_ROUTE, Namespace(other.path()), kDeadline);
    MessageBatch batch;
    for (uint32_t i = 0; i < kAddresses; ++i) {
      batch.begin(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL,
                  ifaddrmsg{.ifa_family = AF_INET,
                            .ifa_prefixlen = 32,
                            .ifa_flags = 0,
                            .ifa_scope = RT_SCOPE_HOST,
                            .ifa_index = 1},
                  ReplyKind::kErrorOnly);
      batch.put(IFA_LOCAL, htonl(0x0a000000 + i));
      batch.end();
    }
    CHECK(test::to_text(socket.run(batch, [](size_t, const Messages&) {})).empty());
    return socket;
  }

  MessageBatch crowd_request() {
    MessageBatch batch;
    batch.begin(RTM_GETADDR, NLM_F_DUMP, ifaddrmsg{}, ReplyKind::kErrorOnly);
    batch.end();
    return batch;
  }

  void abandon_list(const Socket& socket) {
    MessageBatch abandoned = crowd_request();
    const auto bytes = abandoned.bytes();
    REQUIRE(::send(socket.descriptor(), bytes.data(), bytes.size(), 0) > 0);
  }

  void check_crowd(Socket & socket) {
    std::set<uint32_t> addresses;
    MessageBatch request = crowd_request();
    const auto end = socket.dump(request, [&](const Messages& message) {
      auto attributes = message.attributes(sizeof(ifaddrmsg));
      while (attributes.next()) {
        if (attributes.type() != IFA_LOCAL) continue;
        const uint32_t address = ntohl(attributes.number<uint32_t>());
        CHECK(address - 0x0a000000 < kAddresses);
        CHECK(addresses.insert(address).second);
      }
    });
    CHECK(addresses.size() == kAddresses);
    CHECK(end.datagrams > 4);
    CHECK_FALSE(end.interrupted);
  }

  TEST_CASE("is complete") {
    const OtherNamespace other;
    if (!other.exists()) return;
    Socket socket = open_crowd(other);
    for (int round = 0; round < 5; ++round) check_crowd(socket);
  }

  TEST_CASE("that was begun and left is read to its end before the next") {
    const OtherNamespace other;
    if (!other.exists()) return;
    Socket socket = open_crowd(other);
    for (int round = 0; round < 5; ++round) {
      abandon_list(socket);
      check_crowd(socket);
    }
  }

  TEST_CASE("does not touch a batch after it, whatever a callback throws") {
    const OtherNamespace other;
    if (!other.exists()) return;
    Socket socket = open_crowd(other);
    for (int round = 0; round < 5; ++round) {
      MessageBatch request = crowd_request();
      CHECK_THROWS_AS(
          socket.dump(request, [](const Messages&) { throw std::runtime_error("enough"); }),
          std::runtime_error);
      MessageBatch batch;
      add_nothing(batch);
      add_homeless(batch);
      CHECK(test::to_text(socket.run(batch, [](size_t, const Messages&) {})) == "1 refused 95");
      check_crowd(socket);
    }
  }
}

TEST_CASE("a refused list throws the kernel's errno") {
  Socket socket = open_here();
  MessageBatch request;
  request.begin(GENL_ID_CTRL, NLM_F_DUMP, genlmsghdr{.cmd = 200, .version = 1, .reserved = 0},
                ReplyKind::kErrorOnly);
  request.end();
  try {
    socket.dump(request, [](const Messages&) { FAIL("there is nothing to list"); });
    FAIL("not refused");
  } catch (const os::Error& error) {
    CHECK(error.error() == EOPNOTSUPP);
  }
  CHECK(list(socket).size() >= 1);
}

TEST_CASE("a storm of signals touches neither batches nor lists") {
  Socket socket = open_here();
  const auto names = list(socket);
  Random random;
  const SignalStorm storm;
  const Stopwatch watch;
  // On a single processor the storm gets its turn seldom.
  while (SignalStorm::handled() < 1000 && watch.elapsed() < milliseconds(5000)) {
    Plan(random, 500).check(socket);
    CHECK((list(socket) == names));
  }
  CHECK(storm.handled() > 0);
}

TEST_CASE("a protocol that there is none of is an error of socket()") {
  try {
    Socket::open(31, Namespace());
    FAIL("there is such a protocol");
  } catch (const os::Error& error) {
    CHECK(error.error() == EPROTONOSUPPORT);
    CHECK(error.syscall() == "socket");
  }
}

TEST_CASE("sockets may be used by several threads, each by one") {
  std::vector<std::thread> threads;
  threads.reserve(4);
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([] {
      Socket socket = open_here();
      Random random;
      for (int round = 0; round < 10; ++round) Plan(random, 200).check(socket);
    });
  }
  for (std::thread& thread : threads) thread.join();
}
