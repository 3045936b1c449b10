// Random batches of instructions.
#pragma once

#include <doctest/doctest.h>

#include <cerrno>
#include <map>
#include <string>
#include <vector>

#include "netlink/socket.h"
#include "test/failures.h"
#include "test/instructions.h"
#include "test/random.h"
#include "test/wire.h"

namespace test {

/// Ignores a reply, where only failures matter.
inline void ignore(size_t /*index*/, const netlink::Messages& /*message*/) {}

/// A batch of random instructions, and the result that is expected of each.
struct RandomBatch {
  netlink::MessageBatch batch;
  std::vector<netlink::Failure> failures;
  std::map<size_t, std::string> data;

  RandomBatch(Random& random, size_t messages) {
    for (size_t index = 0; index < messages; ++index) {
      const auto number = static_cast<int32_t>(random.between(1, 130));
      const std::string words = random.word(random.below(20));
      const size_t size = random.below(100);
      const auto type =
          static_cast<uint16_t>(random.between(Instruction::kSucceed, Instruction::kDropReply));
      add_instruction(batch, type, number, words, size);
      if (type == Instruction::kRefuse) {
        failures.push_back({index, number, netlink::Status::kRefused, words});
      }
      if (type == Instruction::kDropReply) {
        failures.push_back({index, ENODATA, netlink::Status::kLost, {}});
      }
      if (type == Instruction::kReply) {
        const auto& entry = batch.entries()[index];
        data[index] = wire::to_hex(batch.bytes().subspan(entry.offset, entry.length).subspan(16));
      }
    }
  }

  /// Runs the batch, and compares the results.
  void check(netlink::Socket& socket) {
    std::map<size_t, std::string> replies;
    socket.resume();
    const auto found = socket.run(batch, [&](size_t index, const netlink::Messages& message) {
      CHECK(replies.emplace(index, wire::to_hex(message.payload())).second);
    });
    REQUIRE(to_text(found) == to_text(failures));
    REQUIRE((replies == data));
  }
};

}  // namespace test
