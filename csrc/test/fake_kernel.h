// The other end of a netlink::Socket, played by a thread.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "netlink/socket.h"
#include "os/descriptor.h"
#include "test/wire.h"

namespace test {

constexpr std::chrono::milliseconds kShort{100};
/// Far from hanging, and enough for kShort on the slowest machine.
constexpr std::chrono::milliseconds kSoon{5000};

class FakeKernel {
 public:
  struct Message {
    nlmsghdr header;
    wire::Buffer payload;
  };
  /// A datagram that arrived, taken apart.
  struct Request {
    size_t bytes;
    std::vector<Message> messages;
  };
  /// Sends a datagram back.
  using Reply = std::function<void(const wire::Buffer& datagram)>;
  /// Answers a request. Called on the thread of the fake kernel, for one datagram after the other.
  using Behaviour = std::function<void(const Request& request, const Reply& reply)>;

  explicit FakeKernel(Behaviour behaviour);
  /// Waits for the thread. The socket must be gone, or at rest.
  ~FakeKernel();
  FakeKernel(const FakeKernel&) = delete;
  FakeKernel& operator=(const FakeKernel&) = delete;

  /// The end for the socket. To be taken once.
  os::Descriptor take_descriptor() { return std::move(client_); }
  netlink::Socket connect(std::chrono::milliseconds deadline = std::chrono::seconds(30)) {
    return netlink::Socket(take_descriptor(), deadline);
  }

  /// Sends a datagram that nobody asked for.
  void send(const wire::Buffer& datagram) const;
  /// What has arrived so far.
  std::vector<Request> requests() const;

 private:
  void serve();

  Behaviour behaviour_;
  os::Descriptor client_;
  os::Descriptor server_;
  mutable std::mutex mutex_;
  std::vector<Request> requests_;
  std::thread thread_;
};

/// What a request asks the obedient kernel to do with it.
struct Instruction {
  static constexpr uint16_t kSucceed = 0x40;    ///< message type: succeed, silently
  static constexpr uint16_t kRefuse = 0x41;     ///< with `error` and `words`
  static constexpr uint16_t kReply = 0x42;      ///< answer with the payload
  static constexpr uint16_t kDropReply = 0x43;  ///< lose the answer

  int32_t number;  ///< errno, or what the test likes
  char words[28];
};

/// Appends a message. `size` is that of an attribute behind the instruction.
void add_instruction(netlink::MessageBatch& batch, uint16_t type, int32_t number = 0,
                     std::string_view words = {}, size_t size = 0);
Instruction instruction_of(const FakeKernel::Message& message);

/// Does as each message wishes, and acknowledges what asks for it, as the kernel does.
void follow_instructions(const FakeKernel::Request& request, const FakeKernel::Reply& reply);

/// Sends signals to the thread that made it, which interrupt its system calls.
class SignalStorm {
 public:
  SignalStorm();
  ~SignalStorm();
  SignalStorm(const SignalStorm&) = delete;
  SignalStorm& operator=(const SignalStorm&) = delete;

  /// How many were handled.
  static size_t handled();

 private:
  std::atomic<bool> ended_ = false;
  std::thread thread_;
};

class Stopwatch {
 public:
  std::chrono::milliseconds elapsed() const {
    return std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - start_);
  }

 private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point start_ = Clock::now();
};

/// The failures for comparison, such as "3 refused 2 no such thing, 5 lost 61".
std::string to_text(const std::vector<netlink::Failure>& failures);
/// Likewise, with one fate and errno for the messages [first, last).
std::string to_text(size_t first, size_t last, netlink::Status status, int error);

}  // namespace test
