// The operations of IPVS: a list of requests in, a response out.
//
// Threading: one thread at a time; any thread.
// Order: requests take effect in the given order, and each sees the effects of those before it.
// Errors: the result of a request has its error, which stops none of the others. Apart from
//   std::bad_alloc, only the constructors throw.
// Performance: neighbouring requests of one kind share their exchanges. Commands and queries take
//   one exchange; ensures take one if all objects exist, and another for those that do not; updates
//   of services take two. A scheduler that is new to the client costs an exchange of its own, once.
//   A list costs a dump; so do updates of destinations, once for each service.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "ipvs/plan.h"
#include "ipvs/request.h"
#include "ipvs/service_modules.h"
#include "ipvs/transport.h"
#include "netlink/requests.h"

namespace ipvs {

class Client {
 public:
  /// Asks for the version, which shows whether we have the rights.
  /// @throws os::Error EPERM ("IPVS_CMD_GET_INFO"): no CAP_NET_ADMIN in the initial user namespace;
  ///   those of Transport
  explicit Client(netlink::Socket socket);
  /// Opens a socket in a network namespace.
  /// @throws os::Error as above
  explicit Client(const Transport::Netns& netns);

  /// Executes requests.
  /// @param reuse a response whose contents are discarded and whose lists are used again, because
  ///   fresh memory costs more than reading
  Response run(std::span<const Request> requests, Response reuse = {});
  /// Executes requests one by one up to the first that fails; the status of the others is kSkipped.
  Response run_until_failure(std::span<const Request> requests, Response reuse = {});

  /// Notes all services in a plan.
  /// @throws netlink::RequestError those of Transport::list_services()
  void list_services(Plan& plan);
  /// Notes the destinations of the next services of a plan, until about `limit` objects are read.
  /// After an error the plan is of no more use.
  /// @returns false if no service is left
  /// @throws netlink::RequestError those of Transport::list_destinations()
  bool list_destinations(Plan& plan, size_t limit);

  /// What was done again; outlives the client.
  std::shared_ptr<const netlink::Recoveries> recoveries() const { return transport_.recoveries(); }

 private:
  using Range = netlink::Range;
  using Indexes = std::vector<size_t>;
  struct Row;
  struct Operations;

  void check_rights();
  void begin(std::span<const Request> requests, Response reuse);
  Response end();

  // Each executes a range of requests.
  void run_commands(Range range);
  void run_ensures(Range range);
  void run_lists(Range range);
  void refuse_unknown(Range range);
  // In client_updates.cc.
  void run_service_updates(Range range);
  void run_destination_updates(Range range);

  std::vector<netlink::Failure> send(
      std::span<const Command> commands,
      const Transport::OnReply& on_reply = [](size_t, netlink::Attributes) {});
  void send_updates(std::span<const Command> commands, const Indexes& requests);
  void update_services(Range range);
  void update_destinations(Range range);
  void require_service(const ServiceKey& service);
  const DestinationEntry& find_destination(const ServiceKey& service, const DestinationKey& key,
                                           const std::vector<DestinationEntry>& entries);
  void list(const Request& request, Result& result);
  void read_reply(size_t request, netlink::Attributes attributes);
  // Each appends to a list of the response.
  void list_services(const Request& request);
  void list_destinations(const Request& request);
  void list_destination(const Request& request);
  void list_daemons(const Request& request);
  Command command_of(size_t request, const CommandFormat& format) const;
  void fail(size_t request, const netlink::Failure& failure);

  Transport transport_;
  ServiceModules modules_;
  std::span<const Request> requests_;
  // Kept, because a thread of the pool would touch fresh memory for it in each exchange.
  std::vector<Command> commands_;
  Response response_;
  // Of the lists of the last response.
  struct {
    size_t services = 0;
    size_t destinations = 0;
  } lengths_;
};

}  // namespace ipvs
