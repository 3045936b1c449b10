#include "rtnl/client.h"

#include <net/if.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include "rtnl/codec.h"
#include "rtnl/operation_rows.h"

namespace rtnl {
namespace {

using netlink::Failure;

bool is_given(const LinkKey& key) { return key.index != 0 || !key.name.view().empty(); }

LinkSettings settings_of(const Request& request) {
  LinkSettings settings;
  if ((request.settings & Request::kUp) != 0) settings.up = request.up != 0;
  if ((request.settings & Request::kMtu) != 0) settings.mtu = request.mtu;
  return settings;
}

bool has_settings(const Link& link, const LinkSettings& settings) {
  return settings.up.value_or((link.flags & IFF_UP) != 0) == ((link.flags & IFF_UP) != 0) &&
         settings.mtu.value_or(link.mtu) == link.mtu;
}

// Appends records to all others. Returns the place of the first and their number. Moves the first
// list instead of copying it.
template <typename Record>
std::pair<uint32_t, uint32_t> append(std::vector<Record>& all, std::vector<Record> records) {
  const std::pair range{static_cast<uint32_t>(all.size()), static_cast<uint32_t>(records.size())};
  if (all.empty()) {
    all = std::move(records);
  } else {
    all.insert(all.end(), records.begin(), records.end());
  }
  return range;
}

}  // namespace

Client::Client(netlink::Socket socket) : transport_(std::move(socket)) {}

Client::Client(const os::Namespace& netns) : transport_(netns) {}

Response Client::run(std::span<const Request> requests,
                     std::span<const AddressSettings> addresses) {
  requests_ = requests;
  addresses_ = addresses;
  transport_.resume();
  response_ = {};
  response_.results.resize(requests.size());
  Operations::kTable.run(*this, requests);
  return std::move(response_);
}

void Client::refuse_unknown(Range range) {
  for (size_t request = range.first; request < range.last; ++request) {
    response_.fail(request, Status::kNotSent, EOPNOTSUPP);
  }
}

// Apart from changes, so that a query that is repeated reads the same state.
void Client::run_link_queries(Range range) {
  std::vector<const LinkKey*> keys;
  for (size_t request = range.first; request < range.last; ++request) {
    keys.push_back(&requests_[request].link);
    response_.set_done(request);
  }
  const auto failures = transport_.get_links(keys, [&](size_t place, const Link& link) {
    Result& result = response_.results[range.first + place];
    result.first_link = static_cast<uint32_t>(response_.links.size());
    result.links = 1;
    response_.links.push_back(link);
  });
  for (const Failure& failure : failures) response_.fail(range.first + failure.index, failure);
}

void Client::run_link_commands(Range range) {
  batch_.clear();
  for (size_t request = range.first; request < range.last; ++request) {
    const Request& wanted = requests_[request];
    if (static_cast<Operation>(wanted.operation) == Operation::kSetLink) {
      put_set_link(batch_, wanted.link, settings_of(wanted));
    } else {
      put_delete_link(batch_, wanted.link);
    }
    response_.set_done(request);
  }
  for (const Failure& failure : transport_.run(batch_)) {
    response_.fail(range.first + failure.index, failure);
  }
}

void Client::run_dummy_ensures(Range range) {
  netlink::split_at_repeated_keys(
      range, [&](size_t request) { return requests_[request].link.name.view(); },
      [&](Range part) { ensure_dummies(part); });
}

void Client::ensure_dummies(Range range) {
  netlink::retry(range.indexes(), kEnsureAttempts, [&](const Indexes& pending, bool last) {
    return ensure_dummies_once(pending, last);
  });
}

// Queries the links first, so that nothing is sent for those that are as wanted, and creates the
// others with NLM_F_EXCL: without it the kernel would take over a link of another kind. Returns the
// requests to try again.
Client::Indexes Client::ensure_dummies_once(const Indexes& pending, bool last) {
  const auto found = find_dummies(pending);
  Indexes sent;
  batch_.clear();
  for (size_t i = 0; i < pending.size(); ++i) {
    const size_t request = pending[i];
    if (response_.is_done(request) && put_dummy(request, found[i])) sent.push_back(request);
  }
  return send_dummies(sent, last);
}

// Returns the links that exist. Fails the requests whose link cannot be read or is of another kind.
std::vector<std::optional<Link>> Client::find_dummies(const Indexes& pending) {
  std::vector<std::optional<Link>> found(pending.size());
  std::vector<const LinkKey*> keys;
  for (const size_t request : pending) {
    keys.push_back(&requests_[request].link);
    response_.set_done(request);
  }
  const auto unread =
      transport_.get_links(keys, [&](size_t place, const Link& link) { found[place] = link; });
  for (const Failure& failure : unread) {
    const bool is_missing = failure.status == Status::kRefused && failure.error == ENODEV;
    if (!is_missing) response_.fail(pending[failure.index], failure);
  }
  for (size_t i = 0; i < pending.size(); ++i) {
    if (!response_.is_done(pending[i]) || !found[i] || found[i]->kind.view() == "dummy") continue;
    response_.fail(pending[i], kOtherKind, EEXIST, std::string(found[i]->kind.view()));
  }
  return found;
}

// Appends the message that creates or changes a link. False if the link is as wanted.
bool Client::put_dummy(size_t request, const std::optional<Link>& found) {
  const Request& wanted = requests_[request];
  const LinkSettings settings = settings_of(wanted);
  Result& result = response_.results[request];
  result.created = found ? 0 : 1;
  if (found && has_settings(*found, settings)) return false;
  if (found) {
    put_set_link(batch_, {found->index, {}}, settings);
  } else {
    put_new_dummy(batch_, wanted.link.name, settings);
  }
  result.changed = 1;
  return true;
}

// Sends the messages of requests. Returns the requests to try again.
Client::Indexes Client::send_dummies(const Indexes& sent, bool last) {
  Indexes again;
  for (const Failure& failure : transport_.run(batch_)) {
    const size_t request = sent[failure.index];
    const bool creating = response_.results[request].created != 0;
    const bool overtaken =
        failure.status == Status::kRefused && failure.error == (creating ? EEXIST : ENODEV);
    if (failure.status == Status::kRefused) response_.results[request].changed = 0;
    if (!last && !transport_.stalled() && (overtaken || netlink::is_repeatable(failure))) {
      again.push_back(request);
    } else {
      response_.fail(request, failure);
    }
  }
  return again;
}

void Client::run_lists(Range range) {
  for (size_t request = range.first; request < range.last; ++request) {
    response_.set_done(request);
    const auto failure = netlink::try_query(request, transport_.stalled(), [&] { list(request); });
    if (failure) response_.fail(request, *failure);
  }
}

void Client::list(size_t request) {
  const size_t first_link = response_.links.size();
  (this->*Operations::kTable[requests_[request].operation].list)(request);
  Result& result = response_.results[request];
  if (!response_.is_done(request)) return;
  result.first_link = static_cast<uint32_t>(first_link);
  result.links = static_cast<uint32_t>(response_.links.size() - first_link);
}

void Client::list_links(size_t request) {
  transport_.list_links(requests_[request].kind, response_.links);
}

// Appends the link to the response, and the changes that give it the wanted addresses.
void Client::plan_addresses(size_t request) {
  const Request& wanted = requests_[request];
  const Link link = transport_.get_link(wanted.link);
  response_.links.push_back(link);
  const auto addresses = addresses_of(wanted);
  const auto other =
      std::find_if(addresses.begin(), addresses.end(), [&](const AddressSettings& address) {
        return address.link != 0 && address.link != link.index;
      });
  if (other != addresses.end()) {
    response_.fail(request, kOtherLink, EINVAL, std::to_string(other - addresses.begin()));
    return;
  }
  const bool prune = (wanted.settings & Request::kPrune) != 0;
  const bool is_loopback = (link.flags & IFF_LOOPBACK) != 0;
  auto changes = transport_.plan_changes(link.index, static_cast<uint16_t>(wanted.family),
                                         Plan(addresses, prune, is_loopback));
  Result& result = response_.results[request];
  std::tie(result.first_change, result.changes) = append(response_.changes, std::move(changes));
}

void Client::list_addresses(size_t request) {
  Result& result = response_.results[request];
  std::tie(result.first_address, result.addresses) =
      append(response_.addresses, find_addresses(requests_[request]));
}

std::vector<LinkAddress> Client::find_addresses(const Request& request) {
  const auto family = static_cast<uint16_t>(request.family);
  if (!is_given(request.link)) {
    auto addresses = transport_.list_addresses(0, family);
    set_link_names(addresses);
    return addresses;
  }
  const Link link = transport_.get_link(request.link);
  auto addresses = transport_.list_addresses(link.index, family);
  for (LinkAddress& address : addresses) address.link = link.name;
  return addresses;
}

// Sets the names of the links, and removes the addresses of links that are deleted.
void Client::set_link_names(std::vector<LinkAddress>& addresses) {
  std::vector<Link> links;
  transport_.list_links({}, links);
  std::map<uint32_t, Name<16>> names;
  for (const Link& link : links) names.emplace(link.index, link.name);
  std::erase_if(addresses, [&](LinkAddress& address) {
    const auto found = names.find(address.index);
    if (found != names.end()) address.link = found->second;
    return found == names.end();
  });
}

}  // namespace rtnl
