#include "test/dumps.h"

#include <doctest/doctest.h>

#include <cerrno>
#include <cstring>
#include <numeric>
#include <utility>

#include "os/error.h"
#include "test/failures.h"
#include "test/instructions.h"
#include "test/random_batch.h"
#include "test/stopwatch.h"

namespace test {

using netlink::MessageBatch;
using netlink::Messages;
using wire::Buffer;
using wire::join;
using wire::raw;

Buffer item(const nlmsghdr& request, uint32_t number, uint16_t flags, size_t size) {
  nlmsghdr header = request;
  header.nlmsg_type = kItem;
  header.nlmsg_flags = NLM_F_MULTI | flags;
  return wire::message(header, join(raw(number), Buffer(size)));
}

Buffer done(const nlmsghdr& request, int error, std::string_view words) {
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

MessageBatch dump_request() {
  MessageBatch request;
  request.begin(kItem, NLM_F_DUMP, uint32_t{0}, netlink::ReplyKind::kDump);
  request.end();
  return request;
}

FakeKernel::Behaviour dumping(
    std::function<void(const nlmsghdr& request, const FakeKernel::Reply& reply)> answer) {
  return [answer = std::move(answer)](const FakeKernel::Request& request,
                                      const FakeKernel::Reply& reply) {
    const nlmsghdr& header = request.messages.at(0).header;
    if (header.nlmsg_type == kItem) {
      answer(header, reply);
    } else {
      follow_instructions(request, reply);
    }
  };
}

void dump_three(const nlmsghdr& request, const FakeKernel::Reply& reply) {
  reply(join(item(request, 0), item(request, 1), item(request, 2)));
  reply(done(request));
}

Dump dump(netlink::Socket& socket) {
  MessageBatch request = dump_request();
  Dump result;
  const Stopwatch watch;
  socket.resume();
  try {
    result.end = socket.dump(request, [&](const Messages& message) {
      uint32_t number = 0;
      REQUIRE(message.payload().size() >= sizeof number);
      std::memcpy(&number, message.payload().data(), sizeof number);
      result.items.push_back(number);
      result.sizes.push_back(message.header().nlmsg_len);
    });
  } catch (const os::Error& error) {
    result.error = error.error();
    result.text = error.text();
  }
  result.elapsed = watch.elapsed();
  return result;
}

void check_batch_works(netlink::Socket& socket) {
  MessageBatch batch;
  add_instruction(batch, Instruction::kSucceed);
  add_instruction(batch, Instruction::kRefuse, EEXIST);
  socket.resume();
  CHECK(to_text(socket.run(batch, ignore)) == "1 refused 17");
}

void check_works(netlink::Socket& socket) {
  const Dump next = dump(socket);
  CHECK(next.is_complete());
  CHECK((next.items == numbers(3)));
  check_batch_works(socket);
}

std::vector<uint32_t> numbers(uint32_t count) {
  std::vector<uint32_t> result(count);
  std::iota(result.begin(), result.end(), 0U);
  return result;
}

}  // namespace test
