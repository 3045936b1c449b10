// Dumps, against a kernel of ours.
#include <doctest/doctest.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "netlink/socket.h"
#include "os/error.h"
#include "test/fake_kernel.h"
#include "test/random.h"
#include "test/wire.h"

using netlink::MessageBatch;
using netlink::Messages;
using netlink::ReplyKind;
using netlink::Socket;
using os::Error;
using std::chrono::milliseconds;
using test::FakeKernel;
using test::follow_instructions;
using test::Instruction;
using test::kShort;
using test::kSoon;
using test::Random;
using test::SignalStorm;
using test::Stopwatch;
using wire::Buffer;
using wire::join;
using wire::raw;

namespace {

constexpr uint16_t kItem = 30;

Buffer item(const nlmsghdr& request, uint32_t number, uint16_t flags = 0, size_t size = 0) {
  nlmsghdr header = request;
  header.nlmsg_type = kItem;
  header.nlmsg_flags = NLM_F_MULTI | flags;
  return wire::message(header, join(raw(number), Buffer(size)));
}

Buffer done(const nlmsghdr& request, int error = 0, std::string_view words = {}) {
  nlmsghdr header = request;
  header.nlmsg_type = NLMSG_DONE;
  header.nlmsg_flags = NLM_F_MULTI;
  Buffer tail;
  if (!words.empty()) {
    header.nlmsg_flags |= NLM_F_ACK_TLVS;
    tail = wire::attribute(NLMSGERR_ATTR_MSG, join(wire::text(words), Buffer(1)));
  }
  return wire::message(header, join(raw(int32_t{-error}), tail));
}

struct Dump {
  std::vector<uint32_t> items;
  Socket::DumpEnd end;
  int error = 0;
  std::string text;
  milliseconds elapsed{};
};

Dump dump(Socket& socket) {
  MessageBatch request;
  request.begin(kItem, NLM_F_DUMP, uint32_t{0}, ReplyKind::kErrorOnly);
  request.end();
  Dump result;
  const Stopwatch watch;
  socket.resume();
  try {
    result.end = socket.dump(request, [&](const Messages& message) {
      uint32_t number = 0;
      REQUIRE(message.payload().size() >= sizeof number);
      std::memcpy(&number, message.payload().data(), sizeof number);
      result.items.push_back(number);
    });
  } catch (const Error& error) {
    result.error = error.error();
    result.text = error.text();
  }
  result.elapsed = watch.elapsed();
  return result;
}

std::vector<uint32_t> numbers(uint32_t count) {
  std::vector<uint32_t> result(count);
  for (uint32_t i = 0; i < count; ++i) result[i] = i;
  return result;
}

// A kernel that answers requests for dumps with `answer`, and obeys all others.
template <typename Answer>
FakeKernel::Behaviour dumping(Answer answer) {
  return [answer](const FakeKernel::Request& request, const FakeKernel::Reply& reply) mutable {
    const nlmsghdr& header = request.messages.at(0).header;
    if (header.nlmsg_type == kItem) {
      answer(header, reply);
    } else {
      follow_instructions(request, reply);
    }
  };
}

// For kernels that mend their ways after the first dump.
void list_three(const nlmsghdr& header, const FakeKernel::Reply& reply) {
  reply(join(item(header, 0), item(header, 1), item(header, 2)));
  reply(done(header));
}

void check_batch_works(Socket& socket) {
  MessageBatch batch;
  test::add_instruction(batch, Instruction::kSucceed);
  test::add_instruction(batch, Instruction::kRefuse, EEXIST);
  socket.resume();
  CHECK(test::to_text(socket.run(batch, [](size_t, const Messages&) {})) == "1 refused 17");
}

// After whatever happened: dumps and batches work.
void check_works(Socket& socket) {
  const Dump next = dump(socket);
  CHECK(next.error == 0);
  CHECK((next.items == numbers(3)));
  CHECK_FALSE(next.end.interrupted);
  check_batch_works(socket);
}

}  // namespace

TEST_CASE("a dump is asked for once, and ends with DONE") {
  FakeKernel kernel(dumping(list_three));
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

TEST_CASE("a dump comes in any number of datagrams, whatever is said besides") {
  struct Shape {
    std::vector<size_t> datagrams;  // items in each
    size_t item_size = 0;
    bool done_behind_data = false;
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
        if (shape->done_behind_data) {
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
    *shape = next;  // the fake kernel is at rest
    const Dump found = dump(socket);
    REQUIRE(found.error == 0);
    REQUIRE((found.items == numbers(count)));
    REQUIRE(found.end.datagrams == next.datagrams.size());
    REQUIRE_FALSE(found.end.interrupted);
  }
}

TEST_CASE("a refused dump throws what the kernel says") {
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

TEST_CASE("a dump that changed underway says so, whichever message has the flag") {
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

TEST_CASE("a malformed part is EBADMSG, and the dump is read to its end") {
  const std::vector<Buffer> damages = {wire::hex("01"),
                                       wire::hex("0f000000 1e00 0000 01000000 00000000"),
                                       wire::hex("00000000 1e00 0000 01000000 00000000"),
                                       wire::hex("ff000000 1e00 0000 01000000 00000000")};
  for (const Buffer& damage : damages) {
    for (const bool alone : {true, false}) {
      const auto well = std::make_shared<std::atomic<bool>>(false);
      FakeKernel kernel(dumping([=](const nlmsghdr& header, const auto& reply) {
        if (*well) return list_three(header, reply);
        reply(item(header, 0));
        reply(alone ? damage : join(item(header, 1), damage));
        reply(item(header, 2));
        reply(done(header));
      }));
      Socket socket = kernel.connect();
      CHECK(dump(socket).error == EBADMSG);
      *well = true;
      check_works(socket);
    }
  }
}

TEST_CASE("a DONE without its number is EBADMSG") {
  FakeKernel kernel(dumping([](const nlmsghdr& header, const auto& reply) {
    nlmsghdr end = header;
    end.nlmsg_type = NLMSG_DONE;
    reply(wire::message(end, {}));
  }));
  Socket socket = kernel.connect();
  CHECK(dump(socket).error == EBADMSG);
}

TEST_SUITE("a dump that does not end") {
  TEST_CASE("is ETIMEDOUT after the deadline") {
    for (const bool begins : {false, true}) {
      CAPTURE(begins);
      FakeKernel kernel(dumping([begins](const nlmsghdr& header, const auto& reply) {
        if (begins) reply(item(header, 0));
      }));
      Socket socket = kernel.connect(kShort);
      const Dump found = dump(socket);
      CHECK(found.error == ETIMEDOUT);
      CHECK(found.elapsed >= kShort - milliseconds(1));
      CHECK(found.elapsed < kSoon);
    }
  }

  TEST_CASE("is ETIMEDOUT also in the noise of others, and in a storm of signals") {
    for (const bool storm : {false, true}) {
      CAPTURE(storm);
      std::atomic<bool> enough = false;
      FakeKernel kernel(dumping([&enough, storm](const nlmsghdr& header, const auto& reply) {
        nlmsghdr other = header;
        other.nlmsg_seq -= 1;
        while (!enough) {
          if (!storm) reply(item(other, 0));
          std::this_thread::sleep_for(milliseconds(5));
        }
      }));
      {
        Socket socket = kernel.connect(kShort);
        const auto signals = storm ? std::make_unique<SignalStorm>() : nullptr;
        const Dump found = dump(socket);
        enough = true;
        CHECK(found.error == ETIMEDOUT);
        CHECK(found.elapsed < kSoon);
      }
    }
  }

  TEST_CASE("keeps the next one from beginning, which reads it to its end and asks again") {
    std::atomic<int> asked = 0;
    nlmsghdr first{};
    FakeKernel kernel(dumping([&](const nlmsghdr& header, const auto& reply) {
      switch (++asked) {
        case 1:
          first = header;
          return reply(item(header, 10));
        case 2:
          reply(join(item(first, 11), item(first, 12)));
          reply(wire::error_reply(header, EBUSY));
          reply(item(first, 13, 0, 30'000));
          return reply(done(first));
        default:
          return list_three(header, reply);
      }
    }));
    Socket socket = kernel.connect(kShort);
    CHECK(dump(socket).error == ETIMEDOUT);
    check_works(socket);
    CHECK(asked == 3);
  }

  TEST_CASE("and never will is EBUSY in the end") {
    std::atomic<int> asked = 0;
    FakeKernel kernel(dumping([&](const nlmsghdr& header, const auto& reply) {
      ++asked;
      reply(wire::error_reply(header, EBUSY));
    }));
    Socket socket = kernel.connect();
    const Dump found = dump(socket);
    CHECK(found.error == EBUSY);
    CHECK(asked == 2);
    CHECK(found.elapsed < kSoon);
  }
}

TEST_CASE("a dump may take longer than the deadline, as long as its parts do not") {
  for (const bool storm : {false, true}) {
    CAPTURE(storm);
    constexpr uint32_t kItems = 12;
    FakeKernel kernel(dumping([](const nlmsghdr& header, const auto& reply) {
      for (uint32_t i = 0; i < kItems; ++i) {
        std::this_thread::sleep_for(milliseconds(50));
        reply(item(header, i));
      }
      reply(done(header));
    }));
    Socket socket = kernel.connect(milliseconds(300));
    const auto signals = storm ? std::make_unique<SignalStorm>() : nullptr;
    const Dump found = dump(socket);
    CHECK(found.error == 0);
    CHECK((found.items == numbers(kItems)));
    CHECK(found.elapsed > milliseconds(500));
  }
}

TEST_CASE("a storm of signals does not touch a dump") {
  FakeKernel kernel(dumping([](const nlmsghdr& header, const auto& reply) {
    for (uint32_t i = 0; i < 20; ++i) {
      std::this_thread::sleep_for(std::chrono::microseconds(500));
      reply(item(header, i));
    }
    reply(done(header));
  }));
  Socket socket = kernel.connect();
  const SignalStorm storm;
  for (int round = 0; round < 20; ++round) {
    const Dump found = dump(socket);
    CHECK(found.error == 0);
    CHECK((found.items == numbers(20)));
    CHECK(found.end.datagrams == 20);
  }
  CHECK(storm.handled() > 100);
}

TEST_CASE("what a callback throws comes out, and the socket works on") {
  // Chunks as large as the kernel's are more than a batch has room for.
  for (const size_t size : {0, 30'000}) {
    for (const bool batch_first : {false, true}) {
      CAPTURE(size);
      CAPTURE(batch_first);
      const auto well = std::make_shared<std::atomic<bool>>(false);
      FakeKernel kernel(dumping([well, size](const nlmsghdr& header, const auto& reply) {
        if (*well) return list_three(header, reply);
        for (uint32_t i = 0; i < 5; ++i) reply(item(header, i, 0, size));
        reply(done(header));
        *well = true;
      }));
      Socket socket = kernel.connect();
      MessageBatch request;
      request.begin(kItem, NLM_F_DUMP, uint32_t{0}, ReplyKind::kErrorOnly);
      request.end();
      CHECK_THROWS_AS(
          socket.dump(request, [](const Messages&) { throw std::runtime_error("enough"); }),
          std::runtime_error);
      while (!*well) std::this_thread::yield();
      if (batch_first) check_batch_works(socket);
      check_works(socket);
    }
  }
}

TEST_CASE("a dump that cannot be asked for is the error of send()") {
  int ends[2];
  REQUIRE(::socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) == 0);
  Socket socket{os::Descriptor(ends[0])};
  ::close(ends[1]);
  CHECK(dump(socket).error == EPIPE);
}
