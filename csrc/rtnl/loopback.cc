#include "rtnl/loopback.h"

#include "netlink/failure.h"
#include "netlink/message.h"
#include "rtnl/codec.h"
#include "rtnl/transport.h"

namespace rtnl {
namespace {

// The index of the loopback link, the first link of every namespace.
constexpr uint32_t kLoopback = 1;

}  // namespace

void bring_up_loopback(const os::Namespace& netns) {
  netlink::MessageBatch batch;
  put_set_link(batch, {kLoopback, {}}, {.up = true});
  const auto failures = Transport(netns).run(batch);
  if (!failures.empty()) throw netlink::RequestError(failures[0], "RTM_SETLINK");
}

}  // namespace rtnl
