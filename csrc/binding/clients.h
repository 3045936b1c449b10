// The clients of a handle, one of IPVS and one of links, shared by its jobs and its synchronous
// calls.
//
// Threading: any thread. Calls on IPVS run one at a time, and so do calls on links; a call on IPVS
//   and one on links run in parallel. close() waits for both.
// Ownership: owns the sockets, and shares the network namespace with cursors and watchers.
// Errors: os::Error EBADF if the handle is not open, with the system call in parentheses
//   below; and those of the clients.
#pragma once

#include <cerrno>
#include <memory>
#include <optional>
#include <span>

#include "ipvs/client.h"
#include "os/error.h"
#include "os/namespace.h"
#include "os/synchronized.h"
#include "rtnl/client.h"

namespace binding {

class Clients {
 public:
  using Netns = std::shared_ptr<const os::Namespace>;

  /// Takes over connected clients. Without `links`, the first call of run_links() connects them.
  void open(Netns netns, std::optional<ipvs::Client> ipvs, std::optional<rtnl::Client> links);

  /// Returns the namespace, which stays open as long as anyone holds the pointer. (open)
  Netns netns();

  /// Runs requests to IPVS. (sendmsg)
  /// @param stop_on_error  send nothing after the first request that failed
  /// @param reuse  a response whose lists are used again
  ipvs::Response run(std::span<const ipvs::Request> requests, bool stop_on_error,
                     ipvs::Response reuse);

  /// Calls `action` with the client of IPVS and returns its result. (sendmsg)
  template <typename Action>
  auto with_ipvs(Action action) {
    return ipvs_.with([&](std::optional<ipvs::Client>& client) {
      if (!client) throw os::Error(EBADF, "sendmsg", "the handle is not open");
      return action(*client);
    });
  }

  /// Runs requests on links. (open)
  rtnl::Response run_links(std::span<const rtnl::Request> requests,
                           std::span<const rtnl::AddressSettings> addresses);

  /// Returns what the client of IPVS, or that of links, did again; null if there is none yet. Does
  /// not wait for a call.
  std::shared_ptr<const netlink::Recoveries> recoveries(bool links);

  /// Closes the sockets and releases the namespace. Closing again does nothing.
  void close();

 private:
  struct Counters {
    std::shared_ptr<const netlink::Recoveries> ipvs;
    std::shared_ptr<const netlink::Recoveries> links;
  };

  os::Synchronized<Counters> counters_;
  os::Synchronized<Netns> netns_;  // null while closed
  os::Synchronized<std::optional<ipvs::Client>> ipvs_;
  os::Synchronized<std::optional<rtnl::Client>> links_;
};

}  // namespace binding
