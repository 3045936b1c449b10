// Generic netlink: its message header and its families. The id of a family changes when its module
// is loaded again.
#pragma once

#include <linux/genetlink.h>

#include <cstdint>
#include <string>

#include "netlink/message.h"
#include "netlink/socket.h"

namespace netlink {

/// The size of genlmsghdr, for Messages::attributes().
constexpr size_t kGenericHeader = sizeof(genlmsghdr);

class Family {
 public:
  /// Looks up the id of the family `name`. The kernel loads the family's module if it can.
  /// @throws os::Error ENOENT ("CTRL_CMD_GETFAMILY"): the kernel has no such family; the errors of
  ///   Socket::run()
  Family(Socket& socket, std::string name, uint8_t version);

  /// Looks up the id again. Returns true if it has changed, so that messages with the old id
  /// failed.
  /// @throws as the constructor
  bool refresh(Socket& socket);

  /// Starts a message of this family in `batch`; MessageBatch::end() ends it.
  void begin(MessageBatch& batch, uint8_t command, uint16_t flags, ReplyKind reply_kind) const;

  uint16_t id() const { return id_; }

 private:
  std::string name_;
  uint16_t id_ = 0;
  uint8_t version_;
};

}  // namespace netlink
