#include "test/instructions.h"

#include <cstring>

#include "test/wire.h"

namespace test {

void add_instruction(netlink::MessageBatch& batch, uint16_t type, int32_t number,
                     std::string_view words, size_t size) {
  Instruction instruction{number, {}};
  words.copy(instruction.words, sizeof instruction.words - 1);
  const bool query = type == Instruction::kReply || type == Instruction::kDropReply;
  batch.begin(type, 0, instruction,
              query ? netlink::ReplyKind::kData : netlink::ReplyKind::kErrorOnly);
  if (size > 0) batch.put_bytes(1, wire::Buffer(size));
  batch.end();
}

Instruction instruction_of(const FakeKernel::Message& message) {
  Instruction instruction{};
  if (message.payload.size() >= sizeof instruction) {
    std::memcpy(&instruction, message.payload.data(), sizeof instruction);
  }
  return instruction;
}

void follow_instructions(const FakeKernel::Request& request, const FakeKernel::Reply& reply) {
  for (const auto& message : request.messages) {
    const nlmsghdr& header = message.header;
    const Instruction instruction = instruction_of(message);
    if (header.nlmsg_type == Instruction::kReply) reply(wire::data(header, message.payload));
    if (header.nlmsg_type == Instruction::kRefuse) {
      reply(wire::error_reply(header, instruction.number, instruction.words));
    } else if ((header.nlmsg_flags & NLM_F_ACK) != 0) {
      reply(wire::error_reply(header, 0));
    }
  }
}

}  // namespace test
