// Deadlines: progress renews them, and after a timeout nothing is sent.
#include <doctest/doctest.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <span>
#include <thread>
#include <utility>
#include <vector>

#include "ipvs/client.h"
#include "netlink/socket.h"
#include "os/descriptor.h"
#include "os/error.h"
#include "rtnl/client.h"
#include "test/dumps.h"
#include "test/failures.h"
#include "test/fake_ipvs.h"
#include "test/fake_kernel.h"
#include "test/instructions.h"
#include "test/stopwatch.h"
#include "test/wire.h"

using netlink::MessageBatch;
using netlink::Messages;
using netlink::Socket;
using std::chrono::milliseconds;
using test::FakeIpvs;
using test::FakeKernel;
using test::Instruction;
using test::kShort;
using test::kSoon;
using test::Stopwatch;

namespace {

constexpr milliseconds kLong{30'000};
constexpr milliseconds kStep{60};
constexpr milliseconds kDeadline{1000};
constexpr int kSteps = 24;  // together longer than the deadline

// Returns a message that is no reply, and makes a socket check its deadline.
wire::Buffer noise(nlmsghdr header) {
  header.nlmsg_seq -= 1000;
  return wire::error_reply(header, EPERM);
}

// Forwards replies slowly, each after noise.
void reply_slowly(const std::vector<wire::Buffer>& replies, const nlmsghdr& header,
                  const FakeKernel::Reply& reply) {
  for (const wire::Buffer& each : replies) {
    std::this_thread::sleep_for(kStep);
    reply(noise(header));
    reply(each);
  }
}

}  // namespace

TEST_CASE("replies to a batch renew the deadline") {
  for (const uint16_t type : {Instruction::kReply, Instruction::kRefuse}) {
    CAPTURE(type);
    FakeKernel kernel([](const auto& request, const auto& reply) {
      std::vector<wire::Buffer> replies;
      test::follow_instructions(request,
                                [&](const wire::Buffer& datagram) { replies.push_back(datagram); });
      reply_slowly(replies, request.messages[0].header, reply);
    });
    Socket socket = kernel.connect(kDeadline);
    MessageBatch batch;
    for (int i = 0; i < kSteps; ++i) test::add_instruction(batch, type, EEXIST);
    const Stopwatch watch;
    const auto failures = socket.run(batch, [](size_t, const Messages&) {});
    CHECK(watch.elapsed() > kDeadline);
    CHECK(test::to_text(failures) == test::to_text(0, type == Instruction::kRefuse ? kSteps : 0,
                                                   netlink::Status::kRefused, EEXIST));
  }
}

TEST_CASE("items of a list renew the deadline") {
  FakeKernel kernel([](const auto& request, const auto& reply) {
    nlmsghdr header = request.messages.at(0).header;
    header.nlmsg_flags = NLM_F_MULTI;
    std::vector<wire::Buffer> replies(kSteps, wire::message(header, wire::raw(uint32_t{7})));
    header.nlmsg_type = NLMSG_DONE;
    replies.push_back(wire::message(header, wire::raw(int32_t{0})));
    reply_slowly(replies, header, reply);
  });
  Socket socket = kernel.connect(kDeadline);
  MessageBatch request = test::dump_request();
  int items = 0;
  const Stopwatch watch;
  socket.dump(request, [&](const Messages&) { ++items; });
  CHECK(watch.elapsed() > kDeadline);
  CHECK(items == kSteps);
}

TEST_CASE("after a timeout a socket sends nothing until resume()") {
  std::atomic<bool> works = false;
  FakeKernel kernel([&](const auto& request, const auto& reply) {
    if (works) test::follow_instructions(request, reply);
  });
  Socket socket = kernel.connect(kShort);
  MessageBatch batch;
  for (int i = 0; i < 3; ++i) test::add_instruction(batch, Instruction::kSucceed);
  MessageBatch list = test::dump_request();
  const auto run = [&] { return test::to_text(socket.run(batch, [](size_t, const Messages&) {})); };
  const auto error_of_list = [&] {
    try {
      socket.dump(list, [](const Messages&) {});
      return 0;
    } catch (const os::Error& error) {
      return error.error();
    }
  };

  CHECK(run() == test::to_text(0, 3, netlink::Status::kLost, ETIMEDOUT));
  works = true;
  CHECK(socket.stalled());
  CHECK(run() == test::to_text(0, 3, netlink::Status::kNotSent, ETIMEDOUT));
  CHECK(error_of_list() == ETIMEDOUT);
  CHECK(kernel.requests().size() <= 1);
  // A busy machine may take longer than the deadline.
  bool done = false;
  for (int attempt = 0; attempt < 100 && !done; ++attempt) {
    socket.resume();
    done = run().empty();
  }
  CHECK(done);

  works = false;
  const size_t sent = kernel.requests().size();
  socket.resume();
  CHECK(error_of_list() == ETIMEDOUT);
  CHECK(socket.stalled());
  CHECK(error_of_list() == ETIMEDOUT);
  CHECK(run() == test::to_text(0, 3, netlink::Status::kNotSent, ETIMEDOUT));
  CHECK(kernel.requests().size() <= sent + 1);
}

namespace {

// Checks that the call waited for its deadline once.
void check_one_wait(milliseconds elapsed) {
  CHECK(elapsed >= kShort - milliseconds(1));
  CHECK(elapsed < kSoon);
}

ipvs::Request weight_request(ipvs::Operation operation) {
  ipvs::Request request = test::request_for(operation);
  request.changes = ipvs::Changes::kWeight;
  return request;
}

}  // namespace

TEST_CASE("operations of IPVS wait once for a kernel that does not reply, whichever is first") {
  constexpr auto kCount = static_cast<uint32_t>(ipvs::Operation::kCount);
  for (uint32_t first = 0; first < kCount; ++first) {
    CAPTURE(first);
    std::vector<ipvs::Request> requests;
    for (uint32_t i = 0; i < kCount; ++i) {
      requests.push_back(weight_request(static_cast<ipvs::Operation>((first + i) % kCount)));
    }
    for (const size_t count : {size_t{1}, requests.size()}) {
      FakeIpvs ipvs;
      std::atomic<bool> silent = false;
      FakeKernel kernel([&, answer = ipvs.behaviour()](const auto& request, const auto& reply) {
        if (!silent) answer(request, reply);
      });
      os::Descriptor descriptor = kernel.take_descriptor();
      const os::Descriptor twin(::dup(descriptor.get()));
      // Only the deadline of a silent kernel is short, so that a busy machine does no harm.
      const auto wait_for = [&](milliseconds limit) {
        const timeval wait{limit.count() / 1000, limit.count() % 1000 * 1000};
        REQUIRE(::setsockopt(twin.get(), SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait) == 0);
      };
      ipvs::Client client(Socket(std::move(descriptor), kLong));
      silent = true;
      wait_for(kShort);
      const size_t before = kernel.requests().size();
      const Stopwatch watch;
      const auto response = client.run(std::span(requests).first(count));
      check_one_wait(watch.elapsed());
      CHECK(kernel.requests().size() <= before + 1);
      for (const auto& result : response.results) CHECK(result.error == ETIMEDOUT);
      // A command that was sent may have been executed. An update only read the object.
      const auto operation = static_cast<ipvs::Operation>(requests[0].operation);
      const bool is_update = operation == ipvs::Operation::kUpdateService ||
                             operation == ipvs::Operation::kUpdateDestination;
      const auto status = static_cast<ipvs::Status>(response.results[0].status);
      CHECK(status == (is_update ? ipvs::Status::kNotSent : ipvs::Status::kLost));
      const auto last = static_cast<ipvs::Status>(response.results.back().status);
      if (count > 1) CHECK(last == ipvs::Status::kNotSent);

      silent = false;
      wait_for(kLong);
      const ipvs::Request info = weight_request(ipvs::Operation::kGetInfo);
      const auto next = client.run({&info, 1});
      CHECK(static_cast<ipvs::Status>(next.results[0].status) == ipvs::Status::kDone);
    }
  }
}

TEST_CASE("operations on links wait once for a kernel that does not reply, whichever is first") {
  constexpr auto kCount = static_cast<uint32_t>(rtnl::Operation::kCount);
  rtnl::AddressSettings address{};
  address.address = {10, 0, 0, 1};
  address.family = AF_INET;
  address.prefix_length = 32;
  for (uint32_t first = 0; first < kCount; ++first) {
    CAPTURE(first);
    std::vector<rtnl::Request> requests(kCount);
    for (uint32_t i = 0; i < kCount; ++i) {
      requests[i].operation = (first + i) % kCount;
      requests[i].link.name.assign("vip0");
      requests[i].addresses = 1;
    }
    for (const size_t count : {size_t{1}, requests.size()}) {
      FakeKernel kernel([](const auto&, const auto&) {});
      rtnl::Client client(kernel.connect(kShort));
      const Stopwatch watch;
      const auto response = client.run(std::span(requests).first(count), {&address, 1});
      check_one_wait(watch.elapsed());
      CHECK(kernel.requests().size() <= 1);
      for (const auto& result : response.results) CHECK(result.error == ETIMEDOUT);
      const auto last = static_cast<rtnl::Status>(response.results.back().status);
      if (count > 1) CHECK(last == rtnl::Status::kNotSent);
    }
  }
}
