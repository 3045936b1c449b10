// The operations of IPVS: batches of requests in, batches of results out.
//
// Threading: one thread at a time; any thread.
// Order: requests take effect in the order given, and each sees the effects of those before it.
// Errors: of a request in its Result; none of them stops the others. But for a lack of memory, only
//   the constructor throws.
// Performance: neighbouring requests of one kind share their exchanges: commands and queries one,
//   ensures one where all is there and another for what is not, updates of services two. A scheduler
//   that is new to the client costs an exchange of its own, once. A list costs a dump; so do updates of
//   destinations, for each service once.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "ipvs/request.h"
#include "ipvs/transport.h"

namespace ipvs {

class Client {
 public:
  /// Asks for the version, which tells whether we have the rights.
  /// @throws os::Error EPERM ("IPVS_CMD_GET_INFO"): no CAP_NET_ADMIN in the initial user
  ///   namespace; those of Channel
  explicit Client(netlink::Socket socket);
  /// Likewise, on a socket that it opens in a network namespace.
  /// @throws also those of netlink::Socket::open()
  explicit Client(const std::shared_ptr<const os::Namespace>& netns);

  /// The room of `memory`'s lists is used for the results; what they held is forgotten. Fresh memory
  ///   costs more than the reading.
  Response run(std::span<const Request> requests, Response memory = {});
  /// Sends nothing after a request that fails, and so each by itself; the others are kSkipped.
  Response run_until_failure(std::span<const Request> requests, Response memory = {});

 private:
  struct Range {
    size_t first;
    size_t last;
  };
  struct Rule;
  static const Rule kRules[];
  static const Rule& rule_of(uint32_t operation);

  using ModuleNames = std::pair<std::string, std::string>;  // of a scheduler and an engine
  using Modules = std::set<ModuleNames>;

  std::vector<netlink::Failure> exchange(
      const std::vector<Command>& steps,
      const Transport::OnReply& on_reply = [](size_t, netlink::Attributes) {});
  static std::optional<ModuleNames> modules_of(const Command& step);
  void learn(std::span<const Command> steps, const std::vector<netlink::Failure>& failures,
             Modules& absent);

  void load(const Service& service, const ModuleNames& names);
  netlink::Failure refuse(size_t index, const Command& step);

  void check_rights();
  void begin(std::span<const Request> requests, Response memory);
  Response end();

  // Each answers the requests of a range, all of its kind. The updates are in updates.cc.
  void run_commands(Range range);
  void run_ensures(Range range);
  void run_service_updates(Range range);
  void run_destination_updates(Range range);
  void run_lists(Range range);
  void run_unknown(Range range);

  template <typename KeyOf>
  void update_in_parts(Range range, KeyOf key_of, void (Client::*update)(Range));
  void update_services(Range range);
  void update_destinations(Range range);
  void send_updates(const std::vector<Command>& steps, const std::vector<size_t>& requests);
  const DestinationEntry& find_destination(const ServiceKey& service, const DestinationKey& key,
                                           const std::vector<DestinationEntry>& entries);
  void require_service(const ServiceKey& service);
  void list(const Request& request, Result& result);
  void read_reply(size_t request, netlink::Attributes attributes);
  Command step_of(size_t request, const CommandFormat& command) const;
  void attempt(size_t request, const std::function<void()>& action);
  void fail(size_t request, const netlink::Failure& failure);

  Transport transport_;
  Modules present_;  // those that the kernel has had
  // Of the job: modules that were asked for, and among them those that are not there or not yet. No
  // step that names these is sent.
  Modules tried_;
  Modules missing_;
  Modules late_;
  std::span<const Request> requests_;
  Response response_;
  struct {
    size_t services = 0;
    size_t destinations = 0;
  } lengths_;  // of the lists of the last run
};

}  // namespace ipvs
