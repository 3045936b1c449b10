// The messages of rtnetlink on one netlink socket.
//
// Threading: one thread at a time; any thread. The network namespace is that of the opening.
// Recovery: a query whose reply was lost is repeated, and so is a dump that was interrupted.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "netlink/message.h"
#include "netlink/recoveries.h"
#include "netlink/socket.h"
#include "os/namespace.h"
#include "rtnl/plan.h"
#include "rtnl/types.h"

namespace rtnl {

class Transport {
 public:
  /// The link that replies to query `index`.
  using OnLink = std::function<void(size_t index, const Link& link)>;

  /// Opens a socket in a network namespace.
  /// @throws os::Error of "setsockopt", and those of netlink::Socket::open()
  explicit Transport(const os::Namespace& netns);
  /// Takes over a socket of NETLINK_ROUTE with NETLINK_GET_STRICT_CHK.
  explicit Transport(netlink::Socket socket);

  /// Executes the commands of `batch`, in order; an error stops none of the others.
  /// @returns the failures, by index
  std::vector<netlink::Failure> run(netlink::MessageBatch& batch);

  /// Queries links.
  /// @returns the failures, by the place in `keys`
  std::vector<netlink::Failure> get_links(std::span<const LinkKey* const> keys,
                                          const OnLink& on_link);
  /// @throws netlink::RequestError ENODEV ("RTM_GETLINK") and other errnos of the kernel
  Link get_link(const LinkKey& key);

  /// Appends all links to `links`, or those of a kind that is not empty.
  /// @throws netlink::RequestError with the kernel's errno; EINTR: the list changed during each
  ///   reading; those of netlink::Socket::dump()
  void list_links(const Name<32>& kind, std::vector<Link>& links);
  /// Returns the addresses of a link, or of all links where `index` is 0; those of one family, or
  /// of both where `family` is 0.
  /// @throws netlink::RequestError as list_links()
  std::vector<LinkAddress> list_addresses(uint32_t index, uint16_t family);
  /// Returns the changes of `plan` for the addresses that the link has. Keeps none of these
  /// addresses.
  /// @throws netlink::RequestError as list_links()
  std::vector<AddressSettings> plan_changes(uint32_t index, uint16_t family, Plan plan);

  /// What was done again; outlives the transport.
  std::shared_ptr<const netlink::Recoveries> recoveries() const { return recoveries_; }

  /// Begins a job: see netlink::Socket::resume().
  void resume() { socket_.resume(); }
  /// True after a timeout, until resume(): nothing is sent.
  bool stalled() const { return socket_.stalled(); }

 private:
  template <typename Read, typename Restart>
  void dump(const char* request, Read read, Restart restart);
  template <typename Note, typename Restart>
  void dump_addresses(uint32_t index, uint16_t family, Note note, Restart restart);

  netlink::Socket socket_;
  netlink::MessageBatch query_;
  std::shared_ptr<netlink::Recoveries> recoveries_ = std::make_shared<netlink::Recoveries>();
};

}  // namespace rtnl
