// A netlink socket: executes batches of requests and dumps, or receives notifications.
//
// Threading: one thread at a time; any thread. The network namespace is that of the opening,
//   whichever thread calls later.
// Certainty: each wait for a reply ends after the deadline. A request that is not known to have
//   succeeded or failed is reported as lost.
// Size: a reply is read whole, whatever its size. One that is larger than the buffer enlarges it: a
//   dump is then interrupted, a query is lost with EMSGSIZE, and both can be repeated.
// Performance: a batch costs two system calls a chunk, whatever the number of its commands: they
//   have no NLM_F_ACK, and the acknowledgement of a sentinel behind them (NLMSG_NOOP with
//   NLM_F_ACK) says that the kernel has executed them all. Only refusals have replies of their own.
//   A dump that fits one chunk costs two calls as well.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "netlink/failure.h"
#include "netlink/message.h"
#include "netlink/receiver.h"
#include "netlink/replies.h"
#include "os/descriptor.h"
#include "os/namespace.h"

namespace netlink {

class Socket {
 public:
  struct DumpEnd {
    size_t datagrams = 0;  ///< chunks of data; within one chunk the kernel's listing is consistent
    bool interrupted = false;  ///< NLM_F_DUMP_INTR, or messages are missing: repeat the dump
  };

  struct Received {
    bool more = false;  ///< there may be more to receive
    /// The kernel dropped messages, and those that were left were discarded; or a message could not
    /// be read. Later messages are received, or are another overrun.
    bool overrun = false;
  };

  static constexpr std::chrono::milliseconds kDeadline{5000};

  /// Opens a socket of `protocol` (NETLINK_GENERIC ...) in a network namespace.
  /// @throws os::Error of "socket", "bind", "getsockname", "setsockopt", and those of
  ///   os::Namespace::enter()
  static Socket open(int protocol, const os::Namespace& netns,
                     std::chrono::milliseconds deadline = kDeadline);
  /// Takes over an open datagram socket. Replies must be addressed to its netlink port, if it has
  /// one.
  explicit Socket(os::Descriptor descriptor, std::chrono::milliseconds deadline = kDeadline);

  /// Executes every message of `batch`, in order. An error stops none of the others.
  /// @returns the failures, by index; every other message succeeded. Failures of the exchange:
  ///   ETIMEDOUT, ENOBUFS, EBADMSG, EMSGSIZE or ENODATA of a request that was lost, the errno of
  ///   sendmsg of one that was not sent. After ETIMEDOUT nothing is sent until resume().
  std::vector<Failure> run(MessageBatch& batch, const OnData& on_data);

  /// Runs the only message of `request`, which has NLM_F_DUMP, and calls `on_message` with every
  /// message of data.
  /// @throws RequestError with the kernel's errno ("dump"); EBADMSG: a reply was malformed;
  ///   ETIMEDOUT
  DumpEnd dump(MessageBatch& request, const OnMessage& on_message);

  /// Allows sending again after a timeout. A job of several exchanges begins with it, and so times
  /// out at most once.
  void resume() { stalled_ = false; }
  /// True after a timeout, until resume().
  bool stalled() const { return stalled_; }

  /// Joins a multicast group.
  /// @throws os::Error of "setsockopt"
  void join(unsigned group);

  /// Calls `on_message` with the notifications that have arrived, without waiting: at most one
  /// buffer full.
  /// @throws os::Error of "recvmmsg"
  Received receive(const OnMessage& on_message);

  int descriptor() const { return descriptor_.get(); }

 private:
  Chunk next_chunk(const MessageBatch& batch, size_t first, size_t byte_limit);
  int send(std::span<std::byte> requests, uint32_t sentinel_sequence);
  int read_replies(const MessageBatch& batch, const Chunk& chunk, const OnData& on_data,
                   std::vector<Failure>& failures);
  void send_dump(MessageBatch& request);
  DumpReplies read_dump(const OnMessage& on_message);
  void discard_queue();
  [[noreturn]] void time_out(Status status, const char* syscall);

  os::Descriptor descriptor_;
  Receiver receiver_;
  uint32_t port_ = 0;
  uint32_t sequence_ = 0;
  bool stalled_ = false;
  std::chrono::milliseconds deadline_;
  size_t send_room_ = 0;      // bytes that one send may take
  size_t reply_room_ = 0;     // bytes that unread replies may take before the kernel drops them
  size_t largest_reply_ = 0;  // bytes of the largest reply of data so far
};

}  // namespace netlink
