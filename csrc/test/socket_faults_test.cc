// Fault injection: batches and dumps of a socket, with every fault at every position.
#include <doctest/doctest.h>
#include <linux/netlink.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "netlink/socket.h"
#include "test/dumps.h"
#include "test/fake_kernel.h"
#include "test/fault_injection.h"
#include "test/instructions.h"
#include "test/socket_options.h"
#include "test/stopwatch.h"
#include "test/wire.h"

using netlink::MessageBatch;
using netlink::Messages;
using netlink::Socket;
using netlink::Status;
using std::chrono::milliseconds;
using test::dump;
using test::Dump;
using test::FakeKernel;
using test::Fault;
using test::FaultInjector;
using test::Instruction;
using test::item;
using test::kFaults;
using test::kSoon;
using test::NamedFault;
using test::Stopwatch;
using wire::join;

namespace {

// After a harmless fault nothing may be reported lost, however slow the machine is.
milliseconds deadline(const NamedFault& fault) {
  return fault.harmless ? std::chrono::seconds(30) : milliseconds(40);
}

constexpr uint16_t kInstructions[] = {
    Instruction::kSucceed, Instruction::kRefuse,  Instruction::kReply,
    Instruction::kReply,   Instruction::kSucceed, Instruction::kRefuse,
    Instruction::kRefuse,  Instruction::kReply,   Instruction::kSucceed};

std::string words(size_t index) { return "message " + std::to_string(index); }
int error_of(size_t index) { return static_cast<int>(index) + 1; }

void fill(MessageBatch& batch) {
  for (size_t index = 0; index < std::size(kInstructions); ++index) {
    test::add_instruction(batch, kInstructions[index], error_of(index), words(index));
  }
}

// Returns the indexes of the messages that the kernel got, from its request `first` on.
std::set<size_t> arrived(const FakeKernel& kernel, size_t first) {
  std::set<size_t> indexes;
  const auto requests = kernel.requests();
  for (size_t i = first; i < requests.size(); ++i) {
    for (const auto& message : requests[i].messages) {
      if (message.header.nlmsg_type != NLMSG_NOOP) {
        indexes.insert(static_cast<size_t>(test::instruction_of(message).number) - 1);
      }
    }
  }
  return indexes;
}

// Checks that each message has one result, and a possible one.
void check_results(const std::set<size_t>& executed, const std::vector<netlink::Failure>& failures,
                   const std::map<size_t, std::string>& replied, bool nothing_lost) {
  std::map<size_t, netlink::Failure> results;
  for (const auto& failure : failures) CHECK(results.emplace(failure.index, failure).second);
  for (size_t index = 0; index < std::size(kInstructions); ++index) {
    CAPTURE(index);
    const uint16_t instruction = kInstructions[index];
    const auto found = results.find(index);
    const bool done = found == results.end();
    CHECK((!done || executed.contains(index)));
    CHECK(replied.contains(index) == (done && instruction == Instruction::kReply));
    if (replied.contains(index)) CHECK(replied.at(index) == words(index));
    if (done) {
      CHECK(instruction != Instruction::kRefuse);
      continue;
    }
    const netlink::Failure& failure = found->second;
    if (failure.status == Status::kRefused) {
      CHECK(instruction == Instruction::kRefuse);
      CHECK(failure.error == error_of(index));
      CHECK(failure.text == words(index));
    } else {
      CHECK_FALSE(nothing_lost);
      CHECK((failure.status == Status::kLost || !executed.contains(index)));
    }
  }
}

// Runs the batch twice, so that replies left over from the first meet the second. Returns the
// number of replies.
size_t check_batch(const NamedFault& fault, size_t position, int receive_buffer) {
  const std::string name = fault.name;
  CAPTURE(name);
  CAPTURE(position);
  CAPTURE(receive_buffer);
  FaultInjector injector(fault.fault, position);
  FakeKernel kernel(injector.wrap(test::follow_instructions));
  auto descriptor = kernel.take_descriptor();
  test::set_option(descriptor.get(), SO_RCVBUF, receive_buffer);
  Socket socket(std::move(descriptor), deadline(fault));
  MessageBatch batch;
  fill(batch);
  for (int round = 0; round < 2; ++round) {
    CAPTURE(round);
    std::map<size_t, std::string> replied;
    const size_t before = kernel.requests().size();
    const Stopwatch watch;
    socket.resume();
    const auto failures = socket.run(batch, [&](size_t index, const Messages& message) {
      Instruction instruction{};
      REQUIRE(message.payload().size() == sizeof instruction);
      std::memcpy(&instruction, message.payload().data(), sizeof instruction);
      replied[index] = instruction.words;
    });
    CHECK(watch.elapsed() < kSoon + (fault.harmless ? deadline(fault) : milliseconds(0)));
    check_results(arrived(kernel, before), failures, replied, fault.harmless);
  }
  return injector.replies();
}

constexpr uint32_t kItems = 12;

// Replies to a request for a dump with datagrams of three items.
void dump_items(const nlmsghdr& request, const FakeKernel::Reply& reply) {
  for (uint32_t i = 0; i < kItems; i += 3) {
    reply(join(item(request, i), item(request, i + 1), item(request, i + 2)));
  }
  reply(test::done(request));
}

void check_dump(const NamedFault& fault, size_t position) {
  const std::string name = fault.name;
  CAPTURE(name);
  CAPTURE(position);
  FaultInjector injector(fault.fault, position);
  FakeKernel kernel(injector.wrap(test::dumping(dump_items)));
  Socket socket = kernel.connect(deadline(fault));
  const Stopwatch watch;
  Dump first = dump(socket);
  std::sort(first.items.begin(), first.items.end());
  const std::vector<uint32_t> all = test::numbers(kItems);
  CHECK(watch.elapsed() < kSoon + (fault.harmless ? deadline(fault) : milliseconds(0)));
  const bool triggered = injector.triggered();
  CAPTURE(first.error);
  CHECK((first.is_complete() || !fault.harmless));
  // Items may come twice, but none is missing from a dump without an error.
  const bool duplicated = triggered && fault.fault == Fault::kDuplicated && position < kItems / 3;
  if (first.is_complete()) {
    CHECK(first.items.size() == kItems + (duplicated ? 3 : 0));
    CHECK(std::includes(first.items.begin(), first.items.end(), all.begin(), all.end()));
  }
  for (const uint32_t item : first.items) CHECK(item < kItems);
  for (const size_t size : first.sizes) CHECK(size == sizeof(nlmsghdr) + sizeof(uint32_t));

  // The socket still works, however slow the machine is.
  Dump second = dump(socket);
  while (!second.is_complete() && watch.elapsed() < kSoon) second = dump(socket);
  CHECK(second.is_complete());
  CHECK((second.items == all));
}

}  // namespace

TEST_CASE("with any fault in any reply, each message of a batch has its own result") {
  for (const int receive_buffer : {12'000, 1'000'000}) {  // several datagrams, and one
    const size_t replies = check_batch(kFaults[0], 0, receive_buffer);
    CHECK(replies > std::size(kInstructions));
    for (const NamedFault& fault : kFaults) {
      for (size_t position = 0; position < replies; ++position) {
        check_batch(fault, position, receive_buffer);
      }
    }
  }
}

TEST_CASE("with any fault in any chunk, a list is complete or reported as incomplete") {
  for (const NamedFault& fault : kFaults) {
    for (size_t position = 0; position < kItems / 3 + 1; ++position) {
      check_dump(fault, position);
    }
  }
}
