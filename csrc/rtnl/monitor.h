// The kernel's notifications of changes of links and addresses.
//
// Threading: one thread at a time; any thread. The network namespace is that of the opening.
// Certainty: notifications that the kernel dropped, or that could not be read, are reported as an
//   overrun. Changes after the last overrun are all reported.
#pragma once

#include <vector>

#include "netlink/socket.h"
#include "rtnl/types.h"

namespace rtnl {

/// A change of a link or an address, or an overrun.
struct Event {
  uint32_t type;     ///< EventType
  uint32_t deleted;  ///< 1 if the object was deleted; otherwise it is new or changed
  uint32_t place;    ///< the index of the object in Events::links or Events::addresses
};

enum class EventType : uint32_t { kLink, kAddress, kOverrun };

struct Events {
  std::vector<Event> events;
  std::vector<Link> links;
  std::vector<LinkAddress> addresses;
  bool more = false;  ///< there may be more to receive
};

class Monitor {
 public:
  static constexpr uint32_t kLinks = 1U << 0;
  static constexpr uint32_t kAddresses = 1U << 1;

  /// Joins the multicast groups of `types` (kLinks, kAddresses). Events start now.
  /// @throws os::Error of "setsockopt", and those of netlink::Socket::open()
  Monitor(const os::Namespace& netns, uint32_t types);
  /// Takes over a socket of NETLINK_ROUTE that has joined its groups.
  explicit Monitor(netlink::Socket socket);

  /// Returns the events that have arrived, without waiting: at most one buffer full.
  /// @throws os::Error of "recvmmsg"
  Events take();

  /// Readable when there are events.
  int descriptor() const { return socket_.descriptor(); }

 private:
  netlink::Socket socket_;
};

}  // namespace rtnl
