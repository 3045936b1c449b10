// What happens to links and addresses, as the kernel announces it.
//
// Threading: one thread at a time; any thread. The network namespace is that of the opening.
// Certainty: what the kernel could not deliver, or could not be read, is reported as an overrun;
//   nothing is lost in silence.
#pragma once

#include <vector>

#include "netlink/socket.h"
#include "rtnl/types.h"

namespace rtnl {

/// An event: a range of one in the links or the addresses of its Events, or an overrun.
struct Event {
  uint32_t type;     ///< EventType
  uint32_t deleted;  ///< 1 if the object has gone; otherwise it is new or has changed
  uint32_t place;    ///< of the object, in Events::links or Events::addresses
};

enum class EventType : uint32_t { kLink, kAddress, kOverrun };

struct Events {
  std::vector<Event> events;
  std::vector<Link> links;
  std::vector<LinkAddress> addresses;
  bool more = false;  ///< there may be more at hand
};

class Monitor {
 public:
  static constexpr uint32_t kLinks = 1U << 0;
  static constexpr uint32_t kAddresses = 1U << 1;

  /// Joins the multicast groups of `types` (kLinks, kAddresses): what happens from now on is seen.
  /// @throws os::Error "setsockopt" and those of netlink::Socket::open()
  Monitor(const os::Namespace& netns, uint32_t types);
  /// Takes over a socket of NETLINK_ROUTE that has joined its groups.
  explicit Monitor(netlink::Socket socket);

  /// What has happened since, without waiting: at most one buffer full.
  /// @throws os::Error "recvmmsg"
  Events take();

  /// Readable when there is something to take.
  int descriptor() const { return socket_.descriptor(); }

 private:
  netlink::Socket socket_;
};

}  // namespace rtnl
