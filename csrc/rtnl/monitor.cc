#include "rtnl/monitor.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <cstddef>
#include <optional>
#include <utility>

#include "rtnl/codec.h"

namespace rtnl {
namespace {

struct MulticastGroup {
  uint32_t type;
  unsigned number;
};
constexpr MulticastGroup kGroups[] = {
    {Monitor::kLinks, RTNLGRP_LINK},
    {Monitor::kAddresses, RTNLGRP_IPV4_IFADDR},
    {Monitor::kAddresses, RTNLGRP_IPV6_IFADDR},
};

// A bridge announces its ports by messages of its own family, in which RTM_DELLINK means that the
// link has left the bridge.
bool is_of_bridge(const netlink::Messages& message) {
  const auto payload = message.payload();
  return !payload.empty() && std::to_integer<int>(payload[0]) == AF_BRIDGE;
}

// Returns false if there is no object, because its message was malformed.
template <typename Object>
bool append(Events& events, EventType type, bool deleted, std::vector<Object>& objects,
            const std::optional<Object>& object) {
  if (!object) return false;
  const auto place = static_cast<uint32_t>(objects.size());
  events.events.push_back({static_cast<uint32_t>(type), deleted ? 1U : 0U, place});
  objects.push_back(*object);
  return true;
}

}  // namespace

Monitor::Monitor(netlink::Socket socket) : socket_(std::move(socket)) {}

Monitor::Monitor(const os::Namespace& netns, uint32_t types)
    : socket_(netlink::Socket::open(NETLINK_ROUTE, netns)) {
  for (const MulticastGroup& group : kGroups) {
    if ((types & group.type) != 0) socket_.join(group.number);
  }
}

Events Monitor::take() {
  Events events;
  bool whole = true;
  const auto received = socket_.receive([&](const netlink::Messages& message) {
    const uint16_t type = message.header().nlmsg_type;
    switch (type) {
      case RTM_NEWLINK:
      case RTM_DELLINK:
        if (is_of_bridge(message)) break;
        whole &=
            append(events, EventType::kLink, type == RTM_DELLINK, events.links, read_link(message));
        break;
      case RTM_NEWADDR:
      case RTM_DELADDR:
        whole &= append(events, EventType::kAddress, type == RTM_DELADDR, events.addresses,
                        read_address(message));
        break;
      default:
        break;
    }
  });
  if (received.overrun || !whole) {
    events.events.push_back({static_cast<uint32_t>(EventType::kOverrun), 0, 0});
  }
  events.more = received.more;
  return events;
}

}  // namespace rtnl
