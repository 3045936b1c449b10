#include "rtnl/monitor.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include <optional>

#include "rtnl/codec.h"

namespace rtnl {
namespace {

struct Group {
  uint32_t type;
  unsigned number;
};
constexpr Group kGroups[] = {
    {Monitor::kLinks, RTNLGRP_LINK},
    {Monitor::kAddresses, RTNLGRP_IPV4_IFADDR},
    {Monitor::kAddresses, RTNLGRP_IPV6_IFADDR},
};

template <typename Object>
void append(Events& events, EventType type, bool deleted, std::vector<Object>& objects,
            const std::optional<Object>& object) {
  if (!object) return;
  const auto place = static_cast<uint32_t>(objects.size());
  events.events.push_back({static_cast<uint32_t>(type), deleted ? 1U : 0U, place});
  objects.push_back(*object);
}

}  // namespace

Monitor::Monitor(const netlink::Namespace& netns, uint32_t types)
    : socket_(netlink::Socket::open(NETLINK_ROUTE, netns)) {
  for (const Group& group : kGroups) {
    if ((types & group.type) != 0) socket_.join(group.number);
  }
}

Events Monitor::take() {
  Events events;
  const auto arrival = socket_.take([&](const netlink::Messages& message) {
    const uint16_t type = message.header().nlmsg_type;
    switch (type) {
      case RTM_NEWLINK:
      case RTM_DELLINK:
        append(events, EventType::kLink, type == RTM_DELLINK, events.links, read_link(message));
        break;
      case RTM_NEWADDR:
      case RTM_DELADDR:
        append(events, EventType::kAddress, type == RTM_DELADDR, events.addresses,
               read_address(message));
        break;
      default:
        break;
    }
  });
  if (arrival.overrun) {
    events.events.push_back({static_cast<uint32_t>(EventType::kOverrun), 0, 0});
  }
  events.more = arrival.more;
  return events;
}

}  // namespace rtnl
