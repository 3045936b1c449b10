// The commands of the IPVS family on one netlink socket.
//
// Threading: one thread at a time; any thread. The network namespace is that of the opening.
// Recovery: what the kernel leaves to its clients is done here, for every command alike.
// - A reload of the module makes the family id stale. An ENOENT reveals it; the commands that got
//   it are sent again under the new id.
// - A query whose reply was lost is repeated. After the lost reply to a command that sets a state,
//   the state is read. Additions and deletions stay lost, because another writer could have had the
//   same effect.
// - A list that contains duplicates was disturbed. It is read again; the last attempt removes them.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "ipvs/command.h"
#include "ipvs/module_loader.h"
#include "netlink/generic.h"
#include "netlink/recoveries.h"
#include "netlink/socket.h"
#include "os/namespace.h"

namespace ipvs {

class Transport {
 public:
  /// The reply to a query, valid during the call only.
  using OnReply = std::function<void(size_t command, netlink::Attributes attributes)>;
  using Netns = std::shared_ptr<const os::Namespace>;

  /// Finds the family of IPVS on a generic netlink socket, which makes the kernel load its module
  /// where it can. Such a transport does not wait for modules on a thread of their own.
  /// @throws os::Error ENOENT ("CTRL_CMD_GETFAMILY"): no IPVS; those of netlink::Family
  explicit Transport(netlink::Socket socket);
  /// Opens a socket in a network namespace. Modules are loaded as module_loader.h describes.
  /// @throws os::Error as above; those of netlink::Socket::open(); ETIMEDOUT
  ///   ("CTRL_CMD_GETFAMILY"): the kernel is still loading a module
  explicit Transport(const Netns& netns);

  /// Executes every command, in order; an error stops none of the others.
  /// @returns the failures, by index
  std::vector<netlink::Failure> run(std::span<const Command> commands, const OnReply& on_reply);

  /// Appends all services to `entries`.
  /// @throws netlink::RequestError with the kernel's errno; EINTR: the list changed during each
  ///   reading; those of netlink::Socket::dump()
  void list_services(std::vector<ServiceEntry>& entries);
  /// Appends the destinations of `service` to `entries`. The kernel reports none if there is no
  /// such service.
  /// @throws netlink::RequestError as list_services()
  void list_destinations(const ServiceKey& service, std::vector<DestinationEntry>& entries,
                         Statistics statistics = Statistics::kRead);
  /// Appends the daemons that run, at most one of each role.
  /// @throws netlink::RequestError as list_services()
  void list_daemons(std::vector<SyncDaemon>& entries);
  /// Returns the service, or nothing if it does not exist.
  /// @throws netlink::RequestError with the kernel's errno ("IPVS_CMD_GET_SERVICE"); EBADMSG
  std::optional<ServiceEntry> find_service(const ServiceKey& service);

  /// What was done again; outlives the transport.
  std::shared_ptr<const netlink::Recoveries> recoveries() const { return recoveries_; }

  /// Begins a job: see netlink::Socket::resume().
  void resume() { socket_.resume(); }
  /// True after a timeout, until resume(): nothing is sent.
  bool stalled() const { return socket_.stalled(); }

  /// False once the family was looked up again and not found: the module has gone, and every ENOENT
  /// means that.
  bool available() const { return available_; }

  /// The namespace to load modules in; null: modules are not waited for.
  const Netns& netns() const { return netns_; }
  /// The loads that this transport has to wait for.
  module_loader::Scope scope() const { return scope_; }

 private:
  using DestinationLists = std::map<ServiceKey, std::vector<DestinationEntry>, ByteOrder>;

  Transport(netlink::Socket socket, Netns netns);
  bool renew_family();
  void encode(netlink::MessageBatch& batch, const Command& command, uint16_t flags) const;
  std::vector<netlink::Failure> run_once(std::span<const Command> commands,
                                         const OnReply& on_reply);
  template <typename IsRepeatable>
  void run_again(std::span<const Command> commands, const OnReply& on_reply,
                 std::vector<netlink::Failure>& failures, IsRepeatable is_repeatable);
  void remove_confirmed(std::span<const Command> commands, std::vector<netlink::Failure>& failures);
  bool is_confirmed(const Command& command, DestinationLists& lists);
  template <typename Entry, typename Read>
  void list(const Command& command, std::vector<Entry>& entries, Read read);

  Netns netns_;
  netlink::Socket socket_;
  module_loader::Scope scope_ = 0;
  netlink::Family family_;
  netlink::MessageBatch batch_;
  netlink::MessageBatch dump_;
  bool available_ = true;
  std::shared_ptr<netlink::Recoveries> recoveries_ = std::make_shared<netlink::Recoveries>();
};

}  // namespace ipvs
