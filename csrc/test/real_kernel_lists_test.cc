// Lists on the running kernel, between batches.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <linux/genetlink.h>
#include <linux/if_addr.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <set>
#include <stdexcept>

#include "netlink/socket.h"
#include "os/error.h"
#include "os/namespace.h"
#include "test/controller.h"
#include "test/failures.h"
#include "test/other_namespace.h"
#include "test/random.h"
#include "test/signal_storm.h"
#include "test/stopwatch.h"

using netlink::MessageBatch;
using netlink::Messages;
using netlink::ReplyKind;
using netlink::Socket;
using os::Namespace;
using std::chrono::milliseconds;
using test::add_familyless;
using test::add_nothing;
using test::ControllerBatch;
using test::kDeadline;
using test::list_families;
using test::open_controller;
using test::OtherNamespace;
using test::Random;
using test::SignalStorm;
using test::Stopwatch;

TEST_CASE("lists are complete every time") {
  Socket socket = open_controller();
  const auto names = list_families(socket);
  CHECK(std::set(names.begin(), names.end()).size() == names.size());
  Random random;
  for (int round = 0; round < 50; ++round) {
    CHECK((list_families(socket) == names));
    ControllerBatch(random, 20).check(socket);
  }
}

TEST_CASE("a refused list throws the kernel's errno") {
  Socket socket = open_controller();
  MessageBatch request;
  request.begin(GENL_ID_CTRL, NLM_F_DUMP, genlmsghdr{.cmd = 200, .version = 1, .reserved = 0},
                ReplyKind::kDump);
  request.end();
  try {
    socket.dump(request, [](const Messages&) { FAIL("there is nothing to list"); });
    FAIL("not refused");
  } catch (const os::Error& error) {
    CHECK(error.error() == EOPNOTSUPP);
  }
  CHECK(list_families(socket).size() >= 1);
}

TEST_CASE("signals disturb neither batches nor lists") {
  Socket socket = open_controller();
  const auto names = list_families(socket);
  Random random;
  const SignalStorm storm;
  const Stopwatch watch;
  // On a single processor the signals come rarely.
  while (SignalStorm::handled() < 1000 && watch.elapsed() < milliseconds(5000)) {
    ControllerBatch(random, 500).check(socket);
    CHECK((list_families(socket) == names));
  }
  CHECK(storm.handled() > 0);
}

namespace {

constexpr uint32_t kAddresses = 3000;

// Opens a socket in a namespace whose loopback device has kAddresses addresses.
Socket open_with_addresses(const OtherNamespace& other) {
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

MessageBatch address_request() {
  MessageBatch batch;
  batch.begin(RTM_GETADDR, NLM_F_DUMP, ifaddrmsg{}, ReplyKind::kDump);
  batch.end();
  return batch;
}

void abandon_list(const Socket& socket) {
  MessageBatch abandoned = address_request();
  const auto bytes = abandoned.bytes();
  REQUIRE(::send(socket.descriptor(), bytes.data(), bytes.size(), 0) > 0);
}

void check_addresses(Socket& socket) {
  std::set<uint32_t> addresses;
  MessageBatch request = address_request();
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

}  // namespace

TEST_CASE("a list of many chunks is complete") {
  const OtherNamespace other;
  if (!other.exists()) return;
  Socket socket = open_with_addresses(other);
  for (int round = 0; round < 5; ++round) check_addresses(socket);
}

TEST_CASE("a list that was requested and left is read to its end before the next one") {
  const OtherNamespace other;
  if (!other.exists()) return;
  Socket socket = open_with_addresses(other);
  for (int round = 0; round < 5; ++round) {
    abandon_list(socket);
    check_addresses(socket);
  }
}

TEST_CASE("a list abandoned by its callback does not disturb the batch after it") {
  const OtherNamespace other;
  if (!other.exists()) return;
  Socket socket = open_with_addresses(other);
  for (int round = 0; round < 5; ++round) {
    MessageBatch request = address_request();
    CHECK_THROWS_AS(
        socket.dump(request, [](const Messages&) { throw std::runtime_error("enough"); }),
        std::runtime_error);
    MessageBatch batch;
    add_nothing(batch);
    add_familyless(batch);
    CHECK(test::to_text(socket.run(batch, [](size_t, const Messages&) {})) == "1 refused 95");
    check_addresses(socket);
  }
}
