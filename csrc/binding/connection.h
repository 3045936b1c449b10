// The clients of a handle, shared by jobs and synchronous calls.
//
// Threading: any thread. Calls on IPVS run one at a time, and so do calls on links; the two run
//   side by side. close() waits for both.
#pragma once

#include <memory>
#include <optional>
#include <span>

#include "ipvs/client.h"
#include "netlink/guarded.h"
#include "netlink/namespace.h"
#include "rtnl/client.h"

namespace binding {

class Connection {
 public:
  using Netns = std::shared_ptr<const netlink::Namespace>;

  /// Takes over what is connected. Links are connected by the first call on them otherwise.
  void open(Netns netns, std::optional<ipvs::Client> ipvs, std::optional<rtnl::Client> links);

  /// The namespace, which those who have a share of it keep open.
  /// @throws netlink::Error EBADF ("open"): not open
  Netns netns();

  /// @throws netlink::Error EBADF ("sendmsg"): not open
  ipvs::Results run(std::span<const ipvs::Request> requests, bool stop_on_error,
                    ipvs::Results memory);

  /// @throws netlink::Error EBADF ("open"): not open; those of rtnl::Client
  rtnl::Results run_links(std::span<const rtnl::Request> requests,
                          std::span<const rtnl::AddressSettings> addresses);

  /// Frees the sockets and the share of the namespace. Closing again does nothing.
  void close();

 private:
  netlink::Guarded<Netns> netns_;  // null while closed
  netlink::Guarded<std::optional<ipvs::Client>> ipvs_;
  netlink::Guarded<std::optional<rtnl::Client>> links_;
};

}  // namespace binding
