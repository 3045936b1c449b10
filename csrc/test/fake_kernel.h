// A fake kernel: a thread at the other end of a netlink::Socket.
#pragma once

#include <chrono>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "netlink/socket.h"
#include "os/descriptor.h"
#include "test/wire.h"

namespace test {

class FakeKernel {
 public:
  struct Message {
    nlmsghdr header;
    wire::Buffer payload;
  };
  /// A datagram that arrived, split into messages.
  struct Request {
    size_t bytes;
    std::vector<Message> messages;
  };
  /// Sends a datagram back.
  using Reply = std::function<void(const wire::Buffer& datagram)>;
  /// Replies to a request. Called on the thread of the fake kernel, for one datagram at a time.
  using Behaviour = std::function<void(const Request& request, const Reply& reply)>;

  explicit FakeKernel(Behaviour behaviour);
  /// Waits for the thread. The socket must be closed or idle.
  ~FakeKernel();
  FakeKernel(const FakeKernel&) = delete;
  FakeKernel& operator=(const FakeKernel&) = delete;

  /// Returns the end for the socket, once.
  os::Descriptor take_descriptor() { return std::move(client_); }
  netlink::Socket connect(std::chrono::milliseconds deadline = std::chrono::seconds(30)) {
    return netlink::Socket(take_descriptor(), deadline);
  }

  /// Sends a datagram that is not a reply.
  void send(const wire::Buffer& datagram) const;
  /// Returns the requests that have arrived so far.
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

}  // namespace test
