// Generic netlink: its message header, and families, whose ids the kernel gives out anew on each
// module load.
#pragma once

#include <linux/genetlink.h>

#include <cstdint>
#include <string>

#include "netlink/message.h"
#include "netlink/socket.h"

namespace netlink {

/// The bytes of genlmsghdr, for Messages::attributes().
constexpr size_t kGenericHeader = sizeof(genlmsghdr);

class Family {
 public:
  /// Resolves `name` and remembers its id. Asking makes the kernel load the family's module where
  /// it can.
  /// @throws os::Error ENOENT: the kernel has no such family; transport errors of Socket::run()
  Family(Socket& socket, std::string name, uint8_t version);

  /// Asks again. True if the id has changed, so that messages under the old one went nowhere.
  /// @throws as the constructor
  bool refresh(Socket& socket);

  /// Starts a message of this family in `batch`; Batch::end() ends it.
  void begin(MessageBatch& batch, uint8_t command, uint16_t flags, ReplyKind reply_kind) const;

  uint16_t id() const { return id_; }

 private:
  std::string name_;
  uint16_t id_ = 0;
  uint8_t version_;
};

}  // namespace netlink
