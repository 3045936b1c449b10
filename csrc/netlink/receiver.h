// The receive buffer of a netlink socket.
//
// Threading: one thread at a time; any thread.
// Performance: only pages that are written to take memory. Dumps use two slots, which stay in the
//   CPU's cache.
#pragma once

#include <sys/socket.h>

#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "netlink/message.h"

namespace netlink {

/// A datagram in the receive buffer.
struct Datagram {
  Bytes bytes;
  size_t length;  ///< of the datagram, which is truncated if it is longer than `bytes`
  bool truncated() const { return length > bytes.size(); }
};

/// Receives several datagrams with one system call, each into a slot of the buffer.
class Receiver {
 public:
  static constexpr size_t kDumpSlots = 2;
  static constexpr size_t kReplySlots = 8;

  Receiver();

  /// Receives at most `slots` datagrams, and waits for the first unless `flags` has MSG_DONTWAIT.
  /// Datagrams that do not come from the kernel are dropped.
  /// @returns 0 or the errno of recvmmsg
  int receive(int descriptor, size_t slots, int flags);

  /// True if the last receive() had no slot left: there may be more datagrams.
  bool filled() const { return filled_; }

  /// The datagrams of the last receive(), until the next one or grow().
  std::span<const Datagram> datagrams() const { return datagrams_; }

  /// Enlarges the slots if one of datagrams() was truncated.
  void grow();

 private:
  static constexpr size_t kMaxSlots = 8;
  // The kernel's largest messages are those of links with alternative names, of which it allows
  // 64 KiB. A slot must not be smaller than 32 KiB: the kernel remembers the largest buffer, and
  // builds chunks of a dump that large.
  static constexpr size_t kFirstSlotBytes = 128 * 1024;

  size_t slot_bytes_ = kFirstSlotBytes;
  std::unique_ptr<std::byte[]> buffer_;
  std::array<mmsghdr, kMaxSlots> headers_{};
  std::array<iovec, kMaxSlots> slots_{};
  std::array<sockaddr_storage, kMaxSlots> senders_{};
  std::vector<Datagram> datagrams_;
  bool filled_ = false;
};

}  // namespace netlink
