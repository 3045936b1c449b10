// The operations on links and addresses: a list of requests in, a response out.
//
// Threading: one thread at a time; any thread. The network namespace is that of the opening.
// Order: requests take effect in the given order, and each sees the effects of those before it.
// Errors: the result of a request has its error, which stops none of the others. Apart from
//   std::bad_alloc, only the constructors throw.
// Performance: neighbouring requests of one kind share their exchanges: one for the commands, and
//   one before it that finds the links which are given by name.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "netlink/requests.h"
#include "netlink/socket.h"
#include "os/namespace.h"
#include "rtnl/request.h"
#include "rtnl/transport.h"

namespace rtnl {

class Client {
 public:
  /// @throws os::Error as the constructors of Transport
  explicit Client(const os::Namespace& netns);
  explicit Client(netlink::Socket socket);

  /// Executes requests.
  /// @param addresses the addresses of all requests; a request whose range leaves them is refused
  Response run(std::span<const Request> requests, std::span<const AddressSettings> addresses);

  /// What was done again; outlives the client.
  std::shared_ptr<const netlink::Recoveries> recoveries() const { return transport_.recoveries(); }

 private:
  using Range = netlink::Range;
  using Indexes = std::vector<size_t>;
  struct Row;
  struct Operations;
  struct SentChanges;
  // Attempts of an ensure, while other writers are faster.
  static constexpr int kEnsureAttempts = 4;

  // Each executes a range of requests.
  void run_link_queries(Range range);
  void run_link_commands(Range range);
  void run_dummy_ensures(Range range);
  void run_lists(Range range);
  void refuse_unknown(Range range);
  // In client_addresses.cc.
  void run_address_commands(Range range);
  void run_address_ensures(Range range);

  void ensure_dummies(Range range);
  Indexes ensure_dummies_once(const Indexes& pending, bool last);
  std::vector<std::optional<Link>> find_dummies(const Indexes& pending);
  bool put_dummy(size_t request, const std::optional<Link>& found);
  Indexes send_dummies(const Indexes& sent, bool last);
  void list(size_t request);
  // Each appends to lists of the response.
  void list_links(size_t request);
  void list_addresses(size_t request);
  void plan_addresses(size_t request);
  std::vector<LinkAddress> find_addresses(const Request& request);
  void set_link_names(std::vector<LinkAddress>& addresses);

  std::vector<uint32_t> find_links(Range range);
  void refuse_other_links(Range range, std::span<const uint32_t> indexes);
  void refuse_settings(size_t request, const AddressSettings& present);
  void ensure_addresses(uint32_t index, Indexes requests);
  Indexes ensure_addresses_once(uint32_t index, const Indexes& pending, bool last);
  std::optional<std::vector<AddressSettings>> plan_ensures(uint32_t index, const Indexes& pending);
  void put_change(uint32_t index, const AddressSettings& change, SentChanges& sent);
  Indexes send_changes(uint32_t index, const SentChanges& sent, bool last);
  std::span<const AddressSettings> addresses_of(const Request& request) const;

  Transport transport_;
  netlink::MessageBatch batch_;
  std::span<const Request> requests_;
  std::span<const AddressSettings> addresses_;
  Response response_;
};

}  // namespace rtnl
