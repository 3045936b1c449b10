// The commands of the IPVS family on one netlink socket.
//
// Threading: one thread at a time; any thread. The network namespace is that of the opening.
//
// What the kernel leaves to its clients is done here, for every command alike:
// - a family id that a module reload has made stale is noticed by its ENOENT, and what met it is
//   sent again;
// - a query whose answer was lost is asked again, and a command that sets a state is read back;
//   what adds or deletes stays lost, since its effect could be another writer's;
// - a list that names an object twice was disturbed: it is read again, and in the end made unique.
#pragma once

#include <linux/ip_vs.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ipvs/codec.h"
#include "netlink/generic.h"
#include "netlink/socket.h"

namespace ipvs {

/// A command and what its request carries.
struct CommandFormat {
  uint8_t id;
  std::optional<Fields> service = {};
  std::optional<Fields> destination = {};
  std::optional<Fields> daemon = {};
  bool timeouts = false;
  netlink::ReplyKind reply_kind = netlink::ReplyKind::kErrorOnly;
};

inline constexpr CommandFormat kNewService{.id = IPVS_CMD_NEW_SERVICE, .service = Fields::kFull};
inline constexpr CommandFormat kSetService{.id = IPVS_CMD_SET_SERVICE, .service = Fields::kFull};
inline constexpr CommandFormat kDeleteService{.id = IPVS_CMD_DEL_SERVICE, .service = Fields::kKey};
inline constexpr CommandFormat kGetService{
    .id = IPVS_CMD_GET_SERVICE, .service = Fields::kKey, .reply_kind = netlink::ReplyKind::kData};
inline constexpr CommandFormat kNewDestination{
    .id = IPVS_CMD_NEW_DEST, .service = Fields::kKey, .destination = Fields::kFull};
inline constexpr CommandFormat kSetDestination{
    .id = IPVS_CMD_SET_DEST, .service = Fields::kKey, .destination = Fields::kFull};
inline constexpr CommandFormat kDeleteDestination{
    .id = IPVS_CMD_DEL_DEST, .service = Fields::kKey, .destination = Fields::kKey};
inline constexpr CommandFormat kFlush{.id = IPVS_CMD_FLUSH};
inline constexpr CommandFormat kZero{.id = IPVS_CMD_ZERO, .service = Fields::kKey};
inline constexpr CommandFormat kGetInfo{.id = IPVS_CMD_GET_INFO,
                                        .reply_kind = netlink::ReplyKind::kData};
inline constexpr CommandFormat kGetTimeouts{.id = IPVS_CMD_GET_CONFIG,
                                            .reply_kind = netlink::ReplyKind::kData};
inline constexpr CommandFormat kSetTimeouts{.id = IPVS_CMD_SET_CONFIG, .timeouts = true};
inline constexpr CommandFormat kStartDaemon{.id = IPVS_CMD_NEW_DAEMON, .daemon = Fields::kFull};
inline constexpr CommandFormat kStopDaemon{.id = IPVS_CMD_DEL_DAEMON, .daemon = Fields::kKey};

/// A command on an object. The objects must outlive the exchange. A service without a family is
/// none.
struct Command {
  const CommandFormat* command;
  const Service* service = nullptr;
  const Destination* destination = nullptr;
  const SyncDaemon* daemon = nullptr;
  const Timeouts* timeouts = nullptr;
};

class Transport {
 public:
  /// The reply to a query, valid during the call only.
  using OnReply = std::function<void(size_t step, netlink::Attributes attributes)>;

  /// Finds IPVS at the other end of a generic-netlink socket, which makes the kernel load its module
  /// where it can.
  /// @throws os::Error ENOENT ("CTRL_CMD_GETFAMILY"): no IPVS; those of netlink::Family
  explicit Transport(netlink::Socket socket);
  /// Likewise, on a socket that it opens in a network namespace. Only with it are modules waited
  /// for on a thread of their own: see loading.h.
  /// @throws also those of netlink::Socket::open(); ETIMEDOUT ("CTRL_CMD_GETFAMILY"): the kernel is
  ///   still loading a module
  explicit Transport(const std::shared_ptr<const os::Namespace>& netns);

  /// What became of modules that were to be loaded.
  enum class Modules { kPresent, kAbsent, kLate, kUnknown };
  /// Whether the kernel may have to load modules for the scheduler and the engine of a service.
  bool may_load(const Service& service) const;
  /// Makes the kernel load these, which creates nothing.
  Modules load(const Service& service);

  /// Executes every step, in order; an error stops none of the others.
  /// @returns the failures, by the index of the step
  std::vector<netlink::Failure> run(std::span<const Command> steps, const OnReply& on_reply);

  /// Appends all services to `entries`.
  /// @throws os::Error with the kernel's errno, and those of netlink::Socket::dump()
  void list_services(std::vector<ServiceEntry>& entries);
  /// Appends the destinations of `service` to `entries`: none if there is no such service, which
  /// the kernel does not tell apart.
  void list_destinations(const ServiceKey& service, std::vector<DestinationEntry>& entries);
  /// Appends the daemons that run, at most one a role.
  void list_daemons(std::vector<SyncDaemon>& entries);
  /// The service as it is, or nothing if it is not there.
  std::optional<ServiceEntry> find_service(const ServiceKey& service);

  /// Begins a job: see netlink::Socket::resume().
  void resume() { socket_.resume(); }
  /// True once the kernel did not answer in time: nothing more is sent.
  bool stalled() const { return socket_.stalled(); }

  /// False once the family was looked for again and not found: the module has gone, and ENOENT
  /// means that.
  bool available() const { return available_; }

 private:
  using DestinationLists = std::map<ServiceKey, std::vector<DestinationEntry>, ByteOrder>;

  Transport(netlink::Socket socket, std::shared_ptr<const os::Namespace> netns);
  bool renewed();
  void encode(netlink::MessageBatch& batch, const Command& step, uint16_t flags) const;
  std::vector<netlink::Failure> run_once(std::span<const Command> steps, const OnReply& on_reply);
  template <typename Again>
  void run_again(std::span<const Command> steps, const OnReply& on_reply,
                 std::vector<netlink::Failure>& failures, Again again);
  void settle(std::span<const Command> steps, std::vector<netlink::Failure>& failures);
  bool shows_done(const Command& step, DestinationLists& lists);
  template <typename Entry, typename Read>
  void list(const Command& request, std::vector<Entry>& entries, Read read);

  std::shared_ptr<const os::Namespace> netns_;  // null: modules are not waited for
  netlink::Socket socket_;
  uint64_t scope_ = 0;  // of loads that hold this up
  netlink::Family family_;
  netlink::MessageBatch batch_;
  netlink::MessageBatch dump_;
  bool available_ = true;
};

}  // namespace ipvs
