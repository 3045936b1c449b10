// The operations on links and addresses: batches of requests in, batches of results out.
//
// Threading: one thread at a time; any thread. The network namespace is that of the opening.
// Order: requests take effect in the order given, and each sees the effects of those before it.
// Errors: of a request in its Result; none of them stops the others. But for a lack of memory, only
//   the constructor throws.
// Performance: neighbouring requests of one kind share their exchanges: one for the commands, and
//   another before it that finds the links which are given by name.
#pragma once

#include <functional>
#include <map>
#include <span>
#include <vector>

#include "netlink/socket.h"
#include "rtnl/plan.h"
#include "rtnl/request.h"

namespace rtnl {

class Client {
 public:
  /// @throws os::Error those of netlink::Socket::open()
  explicit Client(const os::Namespace& netns);
  /// Speaks on an open socket of NETLINK_ROUTE with NETLINK_GET_STRICT_CHK.
  explicit Client(netlink::Socket socket);

  /// `addresses` are those that the requests name ranges of; a range that leaves them is refused.
  Response run(std::span<const Request> requests, std::span<const AddressSettings> addresses);

 private:
  struct Range {
    size_t first;
    size_t last;
  };
  struct Rule;
  static const Rule kRules[];
  static const Rule& rule_of(uint32_t operation);

  // Each answers the requests of a range, all of its kind.
  void run_link_readings(Range range);
  void run_link_changes(Range range);
  void run_dummies(Range range);
  void run_addresses(Range range);
  void run_address_ensures(Range range);
  void run_lists(Range range);
  void run_unknown(Range range);

  using Numbers = std::vector<size_t>;  // of requests
  using Groups = std::map<uint32_t, Numbers>;

  std::vector<uint32_t> find_links(Range range);
  void ensure_dummies(Range range);
  void ensure_group(uint32_t index, Numbers pending);
  void refuse(size_t request, const AddressSettings& present);
  void refuse_other_links(Range range, std::span<const uint32_t> indexes);
  void list(size_t number);
  void list_links(const Name<32>& kind, std::vector<Link>& links);
  std::vector<LinkAddress> list_addresses(uint32_t index, uint16_t family);
  std::vector<AddressSettings> plan(uint32_t index, uint16_t family, Plan plan);
  void name_links(std::vector<LinkAddress>& addresses);
  template <typename Read, typename Restart>
  void dump(Read read, Restart restart);
  using OnLink = std::function<void(size_t, const Link&)>;
  std::vector<netlink::Failure> send(const OnLink& on_link = [](size_t, const Link&) {});
  std::vector<netlink::Failure> ask(std::span<const LinkKey* const> keys, const OnLink& on_link);
  Link get_link(const LinkKey& key);
  std::span<const AddressSettings> addresses_of(const Request& request) const;
  void attempt(size_t request, const std::function<void()>& action);

  netlink::Socket socket_;
  netlink::MessageBatch batch_;
  std::span<const Request> requests_;
  std::span<const AddressSettings> addresses_;
  Response response_;
};

}  // namespace rtnl
