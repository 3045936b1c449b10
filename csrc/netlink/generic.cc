#include "netlink/generic.h"

#include "os/error.h"

namespace netlink {

Family::Family(Socket& socket, std::string name, uint8_t version)
    : name_(std::move(name)), version_(version) {
  refresh(socket);
}

bool Family::refresh(Socket& socket) {
  MessageBatch request;
  request.begin(GENL_ID_CTRL, 0, genlmsghdr{.cmd = CTRL_CMD_GETFAMILY, .version = 1, .reserved = 0},
                ReplyKind::kData);
  request.put_string(CTRL_ATTR_FAMILY_NAME, name_);
  request.end();

  uint16_t found = 0;
  const auto failures = socket.run(request, [&](size_t, const Messages& message) {
    Attributes attributes = message.attributes(kGenericHeader);
    while (attributes.next()) {
      if (attributes.type() == CTRL_ATTR_FAMILY_ID) found = attributes.number<uint16_t>();
    }
  });
  if (!failures.empty()) throw os::Error(failures[0].error, "CTRL_CMD_GETFAMILY", failures[0].text);
  if (found == 0) throw os::Error(EBADMSG, "CTRL_CMD_GETFAMILY", "a reply without a family id");
  const bool changed = found != id_;
  id_ = found;
  return changed;
}

void Family::begin(MessageBatch& batch, uint8_t command, uint16_t flags,
                   ReplyKind reply_kind) const {
  batch.begin(id_, flags, genlmsghdr{.cmd = command, .version = version_, .reserved = 0},
              reply_kind);
}

}  // namespace netlink
