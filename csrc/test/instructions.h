// Messages that tell a fake kernel what to do with them, so that a test decides the result of each
// message of a batch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "netlink/message.h"
#include "test/fake_kernel.h"

namespace test {

struct Instruction {
  static constexpr uint16_t kSucceed = 0x40;    ///< message type: succeed without a reply
  static constexpr uint16_t kRefuse = 0x41;     ///< refuse, with `number` as errno and `words`
  static constexpr uint16_t kReply = 0x42;      ///< reply with the payload
  static constexpr uint16_t kDropReply = 0x43;  ///< never reply to the query

  int32_t number;  ///< errno, or a number of the test's choice
  char words[28];
};

/// Appends an instruction, followed by an attribute of `size` bytes unless that is 0.
void add_instruction(netlink::MessageBatch& batch, uint16_t type, int32_t number = 0,
                     std::string_view words = {}, size_t size = 0);
Instruction instruction_of(const FakeKernel::Message& message);

/// Follows the instructions, and acknowledges messages that ask for it, as the kernel does.
void follow_instructions(const FakeKernel::Request& request, const FakeKernel::Reply& reply);

}  // namespace test
