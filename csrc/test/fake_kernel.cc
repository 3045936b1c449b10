#include "test/fake_kernel.h"

#include <pthread.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <system_error>

namespace test {
namespace {

std::atomic<size_t> signals_handled{0};
void count_signal(int /*signal*/) { signals_handled.fetch_add(1, std::memory_order_relaxed); }

// A reader of its own, which trusts the sender.
FakeKernel::Request take_apart(const wire::Buffer& datagram) {
  FakeKernel::Request request{datagram.size(), {}};
  for (size_t at = 0; at + sizeof(nlmsghdr) <= datagram.size();) {
    nlmsghdr header{};
    std::memcpy(&header, datagram.data() + at, sizeof header);
    if (header.nlmsg_len < sizeof header || header.nlmsg_len > datagram.size() - at) break;
    const auto begin = datagram.begin() + static_cast<ptrdiff_t>(at);
    request.messages.push_back(
        {header, {begin + sizeof header, begin + static_cast<ptrdiff_t>(header.nlmsg_len)}});
    at += (header.nlmsg_len + 3U) & ~3U;
  }
  return request;
}

}  // namespace

FakeKernel::FakeKernel(Behaviour behaviour) : behaviour_(std::move(behaviour)) {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    throw std::system_error(errno, std::generic_category(), "socketpair");
  }
  client_ = os::Descriptor(ends[0]);
  server_ = os::Descriptor(ends[1]);
  thread_ = std::thread([this] { serve(); });
}

FakeKernel::~FakeKernel() {
  ::shutdown(server_.get(), SHUT_RDWR);
  thread_.join();
}

void FakeKernel::serve() {
  wire::Buffer buffer(1 << 20);
  for (;;) {
    const ssize_t count = ::recv(server_.get(), buffer.data(), buffer.size(), 0);
    if (count <= 0) return;
    const Request request = take_apart({buffer.begin(), buffer.begin() + count});
    {
      const std::lock_guard lock(mutex_);
      requests_.push_back(request);
    }
    behaviour_(request, [this](const wire::Buffer& datagram) { send(datagram); });
  }
}

void FakeKernel::send(const wire::Buffer& datagram) const {
  // The socket may have gone, which is its right.
  (void)::send(server_.get(), datagram.data(), datagram.size(), MSG_NOSIGNAL);
}

std::vector<FakeKernel::Request> FakeKernel::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

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

std::string to_text(const std::vector<netlink::Failure>& failures) {
  static constexpr std::array kStatuses = {"pending", "done", "refused", "lost", "not sent"};
  std::string result;
  for (const auto& failure : failures) {
    if (!result.empty()) result += ", ";
    result += std::to_string(failure.index) + ' ' +
              kStatuses.at(static_cast<size_t>(failure.status)) + ' ' +
              std::to_string(failure.error);
    if (!failure.text.empty()) result += ' ' + failure.text;
  }
  return result;
}

std::string to_text(size_t first, size_t last, netlink::Status status, int error) {
  std::vector<netlink::Failure> failures;
  for (size_t index = first; index < last; ++index) failures.push_back({index, error, status, {}});
  return to_text(failures);
}

SignalStorm::SignalStorm() {
  struct sigaction action {};
  action.sa_handler = count_signal;  // and no SA_RESTART
  ::sigaction(SIGUSR1, &action, nullptr);
  signals_handled = 0;
  thread_ = std::thread([this, target = ::pthread_self()] {
    while (!ended_) {
      ::pthread_kill(target, SIGUSR1);
      std::this_thread::sleep_for(std::chrono::microseconds(50));
    }
  });
}

SignalStorm::~SignalStorm() {
  ended_ = true;
  thread_.join();
}

size_t SignalStorm::handled() { return signals_handled; }

}  // namespace test
