// Dumps from a fake kernel: complete, refused, interrupted and malformed ones.
#include <doctest/doctest.h>
#include <linux/netlink.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <memory>
#include <stdexcept>
#include <string_view>
#include <thread>
#include <vector>

#include "netlink/socket.h"
#include "os/descriptor.h"
#include "test/dumps.h"
#include "test/fake_kernel.h"
#include "test/random.h"
#include "test/wire.h"

using netlink::MessageBatch;
using netlink::Messages;
using netlink::ReplyKind;
using netlink::Socket;
using test::check_batch_works;
using test::check_works;
using test::done;
using test::dump;
using test::Dump;
using test::dump_three;
using test::dumping;
using test::FakeKernel;
using test::item;
using test::kItem;
using test::numbers;
using test::Random;
using wire::Buffer;
using wire::join;

TEST_CASE("a dump is requested once and ends with DONE") {
  FakeKernel kernel(dumping(dump_three));
  Socket socket = kernel.connect();
  const Dump found = dump(socket);
  CHECK(found.error == 0);
  CHECK((found.items == numbers(3)));
  CHECK(found.end.datagrams == 1);
  CHECK_FALSE(found.end.interrupted);
  const auto requests = kernel.requests();
  REQUIRE(requests.size() == 1);
  REQUIRE(requests[0].messages.size() == 1);
  CHECK(requests[0].messages[0].header.nlmsg_flags == (NLM_F_REQUEST | NLM_F_DUMP));
}

TEST_CASE("a dump may be empty") {
  FakeKernel kernel(
      dumping([](const nlmsghdr& header, const auto& reply) { reply(done(header)); }));
  Socket socket = kernel.connect();
  const Dump found = dump(socket);
  CHECK(found.error == 0);
  CHECK(found.items.empty());
  CHECK(found.end.datagrams == 0);
}

TEST_CASE("a dump may come in any number of datagrams, among any other messages") {
  struct Shape {
    std::vector<size_t> datagrams;  // items in each
    size_t item_size = 0;
    bool done_after_data = false;
    bool noisy = false;
  };
  const auto shape = std::make_shared<Shape>();
  FakeKernel kernel(dumping(
      [shape, random = std::make_shared<Random>()](const nlmsghdr& header, const auto& reply) {
        const auto noise = [&] {
          nlmsghdr other = header;
          const auto far = static_cast<uint32_t>(random->between(1, 1000));
          (random->chance(50) ? other.nlmsg_seq : other.nlmsg_pid) +=
              random->chance(50) ? far : 0 - far;
          switch (random->below(3)) {
            case 0:
              return done(other, EPERM);
            case 1:
              return wire::error_reply(other, EPERM);
            default:
              return item(other, 999, NLM_F_DUMP_INTR);
          }
        };
        uint32_t number = 0;
        Buffer datagram;
        for (const size_t count : shape->datagrams) {
          if (!datagram.empty()) reply(datagram);
          datagram.clear();
          for (size_t i = 0; i < count; ++i) {
            if (shape->noisy && random->chance(10)) datagram = join(datagram, noise());
            datagram = join(datagram, item(header, number++, 0, shape->item_size));
          }
          if (shape->noisy && random->chance(30)) reply(noise());
        }
        if (shape->done_after_data) {
          reply(join(datagram, done(header)));
        } else {
          if (!datagram.empty()) reply(datagram);
          reply(done(header));
        }
      }));
  Socket socket = kernel.connect();
  Random random;
  for (int round = 0; round < 300; ++round) {
    CAPTURE(round);
    Shape next{{}, random.below(200), random.chance(30), random.chance(50)};
    uint32_t count = 0;
    for (size_t datagrams = random.below(12); datagrams > 0; --datagrams) {
      next.datagrams.push_back(random.between(1, 100));
      count += static_cast<uint32_t>(next.datagrams.back());
    }
    *shape = next;  // the fake kernel is idle
    const Dump found = dump(socket);
    REQUIRE(found.error == 0);
    REQUIRE((found.items == numbers(count)));
    REQUIRE(found.end.datagrams == next.datagrams.size());
    REQUIRE_FALSE(found.end.interrupted);
  }
}

TEST_CASE("a refused dump throws the kernel's error") {
  const auto refuse = [](bool at_once, bool after_data, std::string_view words) {
    FakeKernel kernel(dumping([=](const nlmsghdr& header, const auto& reply) {
      if (after_data) reply(item(header, 0));
      reply(at_once ? wire::error_reply(header, ENODEV, words) : done(header, ENODEV, words));
    }));
    Socket socket = kernel.connect();
    const Dump found = dump(socket);
    CHECK(found.error == ENODEV);
    CHECK(found.text == words);
    CHECK(found.items.size() == (after_data ? 1 : 0));
  };
  for (const std::string_view words : {"", "no such device"}) {
    refuse(true, false, words);
    refuse(false, false, words);
    refuse(false, true, words);
  }
}

TEST_CASE("a dump reports an interruption, whichever message has the flag") {
  constexpr uint32_t kItems = 6;
  for (uint32_t flagged = 0; flagged <= kItems; ++flagged) {
    CAPTURE(flagged);
    FakeKernel kernel(dumping([flagged](const nlmsghdr& header, const auto& reply) {
      const auto flags = [&](uint32_t i) { return i == flagged ? NLM_F_DUMP_INTR : 0; };
      for (uint32_t i = 0; i < kItems; i += 2) {
        reply(join(item(header, i, flags(i)), item(header, i + 1, flags(i + 1))));
      }
      Buffer end = done(header);
      end[6] |= static_cast<std::byte>(flags(kItems));  // nlmsg_flags
      reply(end);
    }));
    Socket socket = kernel.connect();
    const Dump found = dump(socket);
    CHECK(found.error == 0);
    CHECK((found.items == numbers(kItems)));
    CHECK(found.end.interrupted);
  }
}

TEST_CASE("a malformed chunk is EBADMSG, and the dump is read to its end") {
  const std::vector<Buffer> malformed_chunks = {wire::hex("01"),
                                                wire::hex("0f000000 1e00 0000 01000000 00000000"),
                                                wire::hex("00000000 1e00 0000 01000000 00000000"),
                                                wire::hex("ff000000 1e00 0000 01000000 00000000")};
  for (const Buffer& malformed : malformed_chunks) {
    for (const bool alone : {true, false}) {
      const auto works = std::make_shared<std::atomic<bool>>(false);
      FakeKernel kernel(dumping([=](const nlmsghdr& header, const auto& reply) {
        if (*works) return dump_three(header, reply);
        reply(item(header, 0));
        reply(alone ? malformed : join(item(header, 1), malformed));
        reply(item(header, 2));
        reply(done(header));
      }));
      Socket socket = kernel.connect();
      CHECK(dump(socket).error == EBADMSG);
      *works = true;
      check_works(socket);
    }
  }
}

TEST_CASE("a DONE without an errno is EBADMSG") {
  FakeKernel kernel(dumping([](const nlmsghdr& header, const auto& reply) {
    nlmsghdr end = header;
    end.nlmsg_type = NLMSG_DONE;
    reply(wire::message(end, {}));
  }));
  Socket socket = kernel.connect();
  CHECK(dump(socket).error == EBADMSG);
}

TEST_CASE("a dump lets an exception of its callback through, and the socket still works") {
  // Chunks as large as those of the kernel do not fit the buffer for a batch.
  for (const size_t size : {0, 30'000}) {
    for (const bool batch_first : {false, true}) {
      CAPTURE(size);
      CAPTURE(batch_first);
      const auto works = std::make_shared<std::atomic<bool>>(false);
      FakeKernel kernel(dumping([works, size](const nlmsghdr& header, const auto& reply) {
        if (*works) return dump_three(header, reply);
        for (uint32_t i = 0; i < 5; ++i) reply(item(header, i, 0, size));
        reply(done(header));
        *works = true;
      }));
      Socket socket = kernel.connect();
      MessageBatch request;
      request.begin(kItem, NLM_F_DUMP, uint32_t{0}, ReplyKind::kDump);
      request.end();
      CHECK_THROWS_AS(
          socket.dump(request, [](const Messages&) { throw std::runtime_error("enough"); }),
          std::runtime_error);
      while (!*works) std::this_thread::yield();
      if (batch_first) check_batch_works(socket);
      check_works(socket);
    }
  }
}

TEST_CASE("a dump that cannot be requested throws the error of send()") {
  int ends[2];
  REQUIRE(::socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) == 0);
  Socket socket{os::Descriptor(ends[0])};
  ::close(ends[1]);
  CHECK(dump(socket).error == EPIPE);
}
