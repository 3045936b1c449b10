// One netlink socket: runs batches of requests, and dumps; or listens to what the kernel announces.
//
// Threading: one thread at a time; any thread. The namespace is that of the opening, whoever calls
//   later.
// Certainty: never hangs, each wait for a reply ends after the deadline; never guesses, what is not
//   known to have succeeded or failed is reported as lost.
// Size: a reply is read whole, whatever its size. One that is larger than the buffer enlarges it: a
//   dump is then interrupted, a query is lost with EMSGSIZE, and both can be asked again.
// Performance: a batch costs two system calls a chunk, whatever the number of its commands: they
//   carry no NLM_F_ACK, and a sentinel behind them (NLMSG_NOOP with NLM_F_ACK) says that the kernel
//   has executed them all. Only refusals are answered one by one. A dump that fits one chunk costs
//   two calls as well.
#pragma once

#include <sys/socket.h>

#include <array>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "netlink/failure.h"
#include "netlink/message.h"
#include "os/descriptor.h"
#include "os/error.h"
#include "os/namespace.h"

namespace netlink {

class Socket {
 public:
  /// A data message that answers message `index` of the batch. Valid during the call only.
  using OnData = std::function<void(size_t index, const Messages& message)>;
  /// A message of a dump. Valid during the call only.
  using OnMessage = std::function<void(const Messages& message)>;

  struct DumpEnd {
    size_t datagrams = 0;  ///< chunks of data; within one chunk the kernel's listing is consistent
    bool interrupted = false;  ///< NLM_F_DUMP_INTR, or messages were lost or cut: read again
  };

  static constexpr std::chrono::milliseconds kDeadline{5000};

  /// Opens a socket of `protocol` (NETLINK_GENERIC ...) in a network namespace.
  /// @throws os::Error "socket", "bind", "getsockname", "setsockopt" and those of os::Namespace::enter()
  static Socket open(int protocol, const os::Namespace& netns,
                     std::chrono::milliseconds deadline = kDeadline);
  /// Takes over an open datagram socket. Its netlink port, if it has one, is what replies must be
  /// addressed to.
  explicit Socket(os::Descriptor descriptor, std::chrono::milliseconds deadline = kDeadline);

  /// Executes every message of `batch`, in order. An error stops none of the others.
  /// @returns the failures, by index; a message that is not among them succeeded. Transport errors
  ///   are failures too: ETIMEDOUT, ENOBUFS, EBADMSG, EMSGSIZE or ENODATA of what was lost, the
  ///   errno of sendmsg of what was not sent. After a timeout nothing is sent until resume().
  std::vector<Failure> run(MessageBatch& batch, const OnData& on_data);

  /// Runs the only message of `request`, which carries NLM_F_DUMP, and hands over every data
  /// message.
  /// @throws os::Error with the kernel's errno; EBADMSG: a reply was malformed; ETIMEDOUT
  DumpEnd dump(MessageBatch& request, const OnMessage& on_message);

  /// Sends again after a timeout. A job of several exchanges begins with it, and so waits in vain
  /// at most once.
  void resume() { stalled_ = false; }
  /// True after a timeout, until resume().
  bool stalled() const { return stalled_; }

  /// Joins a multicast group.
  /// @throws os::Error "setsockopt"
  void join(unsigned group);

  struct Arrival {
    bool more = false;     ///< there may be more at hand
    bool overrun = false;  ///< the kernel could not deliver some, or a message was damaged or cut
  };
  /// Hands over what has arrived without being asked for, without waiting: at most one buffer full.
  /// @throws os::Error "recvmmsg"
  Arrival take(const OnMessage& on_message);

  int descriptor() const { return descriptor_.get(); }

 private:
  struct Chunk;
  static constexpr size_t kMaxSlots = 8;

  // The buffer is cut into equal slots, one a datagram. The kernel's largest messages are those of
  // links with alternative names, of which it allows 64 KiB. Only pages that are written to take
  // memory. Dumps use two slots, which stay in the cache. A slot must never be smaller than 32 KiB:
  // the kernel remembers the largest buffer, and builds chunks of a dump that large.
  static constexpr size_t kFirstSlotBytes = 128 * 1024;
  static constexpr size_t kDumpSlots = 2;
  static constexpr size_t kReplySlots = 8;

  struct Datagram {
    Bytes bytes;
    size_t length;  // may be more than the bytes, which are then cut
    bool truncated() const { return length > bytes.size(); }
  };
  struct DumpReading {
    DumpEnd end;
    std::optional<os::Error> refusal;
    bool malformed = false;
  };

  Chunk next_chunk(const MessageBatch& batch, size_t first, size_t byte_limit) const;
  int send(std::span<std::byte> requests, uint32_t sentinel_sequence);
  int receive(size_t slots, int flags);
  void fit_slots();
  int collect(MessageBatch& batch, const Chunk& chunk, const OnData& on_data,
              std::vector<Failure>& failures);
  bool concerns(const nlmsghdr& header, const Chunk& chunk) const;
  void start_dump(MessageBatch& request);
  DumpReading read_dump(const OnMessage& on_message);
  [[noreturn]] void time_out(const char* syscall);

  os::Descriptor descriptor_;
  uint32_t port_ = 0;
  uint32_t sequence_ = 0;
  bool stalled_ = false;
  std::chrono::milliseconds deadline_;
  size_t send_room_ = 0;   // bytes that one send may carry
  size_t reply_room_ = 0;  // bytes that unread replies may take before the kernel drops them
  size_t data_cost_;       // bytes that the kernel charges for a reply of data, at worst
  size_t slot_bytes_ = kFirstSlotBytes;
  std::unique_ptr<std::byte[]> buffer_;
  std::array<mmsghdr, kMaxSlots> headers_{};
  std::array<iovec, kMaxSlots> slots_{};
  std::array<sockaddr_storage, kMaxSlots> senders_{};
  std::vector<Datagram> datagrams_;  // what the last receive() brought
};

}  // namespace netlink
