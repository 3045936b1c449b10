// Replies, matched to the requests that were sent. No input or output.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "netlink/failure.h"
#include "netlink/message.h"
#include "netlink/receiver.h"

namespace netlink {

/// A data message that replies to message `index` of a batch. Valid during the call only.
using OnData = std::function<void(size_t index, const Messages& message)>;
/// A message of a dump, or a notification. Valid during the call only.
using OnMessage = std::function<void(const Messages& message)>;

/// The messages [first, last) of a batch, which are sent as one datagram. Their sequence numbers
/// begin at `sequence`; the sentinel behind them has the next one.
struct Chunk {
  size_t first;
  size_t last;
  uint32_t sequence = 0;

  size_t size() const { return last - first; }
  uint32_t sentinel() const { return sequence + static_cast<uint32_t>(size()); }
  /// The place of the request with this sequence number; past size() for one of another chunk.
  uint32_t place_of(const nlmsghdr& header) const {
    return header.nlmsg_seq - sequence;  // wraps, as sequence numbers do
  }
};

/// Reads the replies to a chunk until the kernel has acknowledged the sentinel.
class ChunkReplies {
 public:
  /// @param port of the socket, which replies are addressed to
  /// @param failures where failures are appended
  ChunkReplies(const Chunk& chunk, uint32_t port, const OnData& on_data,
               std::vector<Failure>& failures);

  /// Reads the messages of a datagram. True if one of them is a new reply to a request.
  bool read(const Datagram& datagram);

  /// True once the sentinel is acknowledged: every message of the chunk has been executed.
  bool acknowledged() const { return acknowledged_; }

  /// The errno that explains why replies may be missing, or 0.
  int error() const { return error_; }
  void set_error(int error) { error_ = error; }

  /// Bytes of the largest reply of data.
  size_t largest_reply() const { return largest_reply_; }

  /// Appends the failures of requests whose replies are missing, and sorts all by index.
  void finish(const MessageBatch& batch);

 private:
  bool belongs(const nlmsghdr& header) const;
  bool read(const Messages& message);
  bool read_truncated(const nlmsghdr& header);
  bool set_answered(size_t place);

  const Chunk& chunk_;
  uint32_t port_;
  const OnData& on_data_;
  std::vector<Failure>& failures_;
  size_t first_failure_;
  std::vector<bool> answered_;
  bool acknowledged_ = false;
  int error_ = 0;
  size_t largest_reply_ = 0;
};

/// Reads the replies to a dump.
class DumpReplies {
 public:
  DumpReplies(uint32_t sequence, uint32_t port, const OnMessage& on_message)
      : sequence_(sequence), port_(port), on_message_(&on_message) {}

  /// Reads the messages of a datagram. True if one of them belongs to the dump.
  bool read(const Datagram& datagram);

  void set_interrupted() { interrupted_ = true; }

  /// True after the last message.
  bool done() const { return done_; }
  /// True if the list changed while it was read, or messages are missing.
  bool interrupted() const { return interrupted_; }
  /// True if a datagram could not be read.
  bool malformed() const { return malformed_; }
  /// The number of datagrams with data.
  size_t datagrams() const { return datagrams_; }
  /// The kernel's refusal, if it refused the dump.
  const std::optional<RequestError>& refusal() const { return refusal_; }

 private:
  bool read(const Messages& message);

  uint32_t sequence_;
  uint32_t port_;
  const OnMessage* on_message_;
  bool done_ = false;
  bool interrupted_ = false;
  bool malformed_ = false;
  size_t datagrams_ = 0;
  std::optional<RequestError> refusal_;
};

}  // namespace netlink
