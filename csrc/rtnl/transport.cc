#include "rtnl/transport.h"

#include <linux/netlink.h>
#include <sys/socket.h>

#include <cerrno>
#include <numeric>
#include <optional>
#include <utility>

#include "netlink/requests.h"
#include "os/error.h"
#include "rtnl/codec.h"

namespace rtnl {
namespace {

using netlink::Failure;
using netlink::Messages;
using netlink::RequestError;
using netlink::Status;

constexpr int kQueryAttempts = 5;

netlink::Socket open_strict(const os::Namespace& netns) {
  netlink::Socket socket = netlink::Socket::open(NETLINK_ROUTE, netns);
  // Without it the kernel ignores the link that a list of addresses is limited to.
  const int on = 1;
  if (::setsockopt(socket.descriptor(), SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on, sizeof on) != 0) {
    throw os::Error(errno, "setsockopt", "NETLINK_GET_STRICT_CHK");
  }
  return socket;
}

// The kernel lists the addresses of all families where it lacks the requested one, such as IPv6
// when that is off.
bool is_of(uint16_t family, const LinkAddress& address) {
  return family == AF_UNSPEC || address.settings.family == family;
}

// False for the addresses of a family that read_address() does not read.
bool is_of_ip(const Messages& message) {
  if (message.payload().empty()) return true;
  const auto family = std::to_integer<int>(message.payload()[0]);
  return family == AF_INET || family == AF_INET6;
}

}  // namespace

Transport::Transport(netlink::Socket socket) : socket_(std::move(socket)) {}

Transport::Transport(const os::Namespace& netns) : Transport(open_strict(netns)) {}

std::vector<Failure> Transport::run(netlink::MessageBatch& batch) {
  auto failures = socket_.run(batch, [](size_t, const Messages&) {});
  recoveries_->count_lost(failures);
  return failures;
}

std::vector<Failure> Transport::get_links(std::span<const LinkKey* const> keys,
                                          const OnLink& on_link) {
  std::vector<Failure> failures;
  const netlink::Range all{0, keys.size()};
  netlink::retry(all.indexes(), kQueryAttempts, [&](const auto& pending, bool last) {
    query_.clear();
    for (const size_t place : pending) put_get_link(query_, *keys[place]);
    std::vector<Failure> malformed;
    auto failed = socket_.run(query_, [&](size_t index, const Messages& message) {
      if (const auto link = read_link(message)) {
        on_link(pending[index], *link);
      } else {
        malformed.push_back({index, EBADMSG, Status::kLost, {}});
      }
    });
    failed.insert(failed.end(), malformed.begin(), malformed.end());
    netlink::map_indexes(failed, pending);
    recoveries_->count_lost(failed);

    std::vector<size_t> again;
    for (Failure& failure : failed) {
      if (!last && netlink::is_repeatable(failure)) {
        again.push_back(failure.index);
      } else {
        failures.push_back(std::move(failure));
      }
    }
    recoveries_->repeated_requests += again.size();
    return again;
  });
  return failures;
}

Link Transport::get_link(const LinkKey& key) {
  std::optional<Link> found;
  const LinkKey* const keys[] = {&key};
  const auto failures = get_links(keys, [&](size_t, const Link& link) { found = link; });
  if (!failures.empty()) throw RequestError(failures[0], "RTM_GETLINK");
  return *found;
}

// Calls `read` with the messages of the dump that `query_` requests, and `restart` where it is
// repeated. `read` returns false for a malformed message: the dump is read to its end, because one
// that is left half-read would block the next one, and then fails.
template <typename Read, typename Restart>
void Transport::dump(const char* request, Read read, Restart restart) {
  for (int attempt = 1;; ++attempt) {
    bool malformed = false;
    const auto end = socket_.dump(
        query_, [&](const Messages& message) { malformed = !read(message) || malformed; });
    if (malformed) throw RequestError(Status::kLost, EBADMSG, request);
    if (!end.interrupted) return;
    if (attempt == kQueryAttempts) throw RequestError(Status::kLost, EINTR, "dump");
    restart();
    ++recoveries_->repeated_lists;
  }
}

void Transport::list_links(const Name<32>& kind, std::vector<Link>& links) {
  const size_t first = links.size();
  query_.clear();
  put_list_links(query_, kind);
  dump(
      "RTM_GETLINK",
      [&](const Messages& message) {
        const auto link = read_link(message);
        // The kernel does not filter by a kind whose module is not loaded.
        const bool wanted = link && (kind.view().empty() || link->kind.view() == kind.view());
        if (wanted) links.push_back(*link);
        return link.has_value();
      },
      [&] { links.resize(first); });
}

// Calls `note` with the addresses, and `restart` where the dump is repeated.
template <typename Note, typename Restart>
void Transport::dump_addresses(uint32_t index, uint16_t family, Note note, Restart restart) {
  query_.clear();
  put_list_addresses(query_, index, family);
  dump(
      "RTM_GETADDR",
      [&](const Messages& message) {
        const auto address = read_address(message);
        if (address && is_of(family, *address)) note(*address);
        return address || !is_of_ip(message);
      },
      restart);
}

std::vector<LinkAddress> Transport::list_addresses(uint32_t index, uint16_t family) {
  std::vector<LinkAddress> addresses;
  dump_addresses(
      index, family, [&](const LinkAddress& address) { addresses.push_back(address); },
      [&] { addresses.clear(); });
  return addresses;
}

std::vector<AddressSettings> Transport::plan_changes(uint32_t index, uint16_t family, Plan plan) {
  dump_addresses(
      index, family, [&](const LinkAddress& address) { plan.note(address); },
      [&] { plan.restart(); });
  return plan.changes();
}

}  // namespace rtnl
