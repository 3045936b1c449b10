// The operations of a client that change the addresses of links.
#include <netinet/in.h>

#include <cerrno>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "rtnl/client.h"
#include "rtnl/codec.h"
#include "rtnl/operation_rows.h"

namespace rtnl {

using netlink::Failure;

std::span<const AddressSettings> Client::addresses_of(const Request& request) const {
  if (request.first_address > addresses_.size() ||
      request.addresses > addresses_.size() - request.first_address) {
    return {};
  }
  return addresses_.subspan(request.first_address, request.addresses);
}

// Returns the index of the link of each request in the range. A request whose link is not found
// fails, and has index 0.
std::vector<uint32_t> Client::find_links(Range range) {
  std::vector<uint32_t> indexes(range.size());
  std::map<std::string_view, Indexes> named;
  for (size_t request = range.first; request < range.last; ++request) {
    const LinkKey& link = requests_[request].link;
    indexes[request - range.first] = link.index;
    if (link.index == 0) named[link.name.view()].push_back(request);
  }
  if (named.empty()) return indexes;

  std::vector<const Indexes*> requests_by_key;
  std::vector<const LinkKey*> keys;
  for (const auto& [name, requests] : named) {
    requests_by_key.push_back(&requests);
    keys.push_back(&requests_[requests[0]].link);
  }
  const auto failures = transport_.get_links(keys, [&](size_t place, const Link& link) {
    for (const size_t request : *requests_by_key[place]) {
      indexes[request - range.first] = link.index;
    }
  });
  for (const Failure& failure : failures) {
    for (const size_t request : *requests_by_key[failure.index]) {
      response_.fail(request, netlink::not_sent(failure));
    }
  }
  return indexes;
}

// Refuses the requests with an address that belongs to another link than the one it is put on.
void Client::refuse_other_links(Range range, std::span<const uint32_t> indexes) {
  for (size_t request = range.first; request < range.last; ++request) {
    if (!response_.is_pending(request)) continue;
    for (const AddressSettings& address : addresses_of(requests_[request])) {
      if (address.link == 0 || address.link == indexes[request - range.first]) continue;
      response_.fail(request, kOtherLink, EINVAL);
    }
  }
}

// Refuses a request for an address that the link has with settings that the kernel does not change.
// Its result has the address as it is.
void Client::refuse_settings(size_t request, const AddressSettings& present) {
  Result& result = response_.results[request];
  result.first_address = static_cast<uint32_t>(response_.addresses.size());
  result.addresses = 1;
  response_.addresses.push_back({.settings = present, .index = 0, .link = {}});
  response_.fail(request, kOtherSettings, EEXIST);
}

void Client::run_address_commands(Range range) {
  const auto indexes = find_links(range);
  refuse_other_links(range, indexes);
  Indexes sent;
  batch_.clear();
  for (size_t request = range.first; request < range.last; ++request) {
    if (!response_.is_pending(request)) continue;
    const auto addresses = addresses_of(requests_[request]);
    const auto put = Operations::kTable[requests_[request].operation].put;
    if (addresses.size() == 2 && change_of(addresses[0]) == AddressChange::kRefuse) {
      refuse_settings(request, addresses[1]);
      continue;
    }
    if (addresses.size() != 1 || put == nullptr) {
      response_.fail(request, Status::kNotSent, EINVAL);
      continue;
    }
    put(batch_, indexes[request - range.first], addresses[0]);
    response_.set_done(request);
    sent.push_back(request);
  }
  for (const Failure& failure : transport_.run(batch_)) {
    response_.fail(sent[failure.index], failure);
  }
}

void Client::run_address_ensures(Range range) {
  const auto indexes = find_links(range);
  refuse_other_links(range, indexes);
  for (size_t request = range.first; request < range.last; ++request) {
    if (addresses_of(requests_[request]).size() == 1) continue;
    response_.fail(request, Status::kNotSent, EINVAL);
  }
  const auto index_of = [&](size_t request) { return indexes[request - range.first]; };
  const auto key_of = [&](size_t request) {
    const auto addresses = addresses_of(requests_[request]);
    return std::pair{index_of(request), addresses.empty() ? Address{} : addresses[0].address};
  };
  netlink::split_at_repeated_keys(range, key_of, [&](Range part) {
    std::map<uint32_t, Indexes> by_link;
    for (size_t request = part.first; request < part.last; ++request) {
      if (response_.is_pending(request)) by_link[index_of(request)].push_back(request);
    }
    for (const auto& [index, requests] : by_link) ensure_addresses(index, requests);
  });
}

// Ensures addresses of one link, all of them different.
void Client::ensure_addresses(uint32_t index, Indexes requests) {
  netlink::retry(std::move(requests), kEnsureAttempts, [&](const Indexes& pending, bool last) {
    return ensure_addresses_once(index, pending, last);
  });
}

/// The changes of an attempt to ensure addresses.
struct Client::SentChanges {
  std::map<Address, size_t> request_of;
  std::set<Address> deleted;
  std::vector<AddressSettings> list;
};

// Plans and sends the changes. Returns the requests to try again.
Client::Indexes Client::ensure_addresses_once(uint32_t index, const Indexes& pending, bool last) {
  const auto changes = plan_ensures(index, pending);
  if (!changes) return {};
  SentChanges sent;
  for (const size_t request : pending) {
    sent.request_of.emplace(addresses_of(requests_[request])[0].address, request);
    response_.results[request].created = 0;
    response_.set_done(request);
  }
  batch_.clear();
  for (const AddressSettings& change : *changes) put_change(index, change, sent);
  return send_changes(index, sent, last);
}

// Returns the changes that requests need. Fails the requests if there is no plan.
std::optional<std::vector<AddressSettings>> Client::plan_ensures(uint32_t index,
                                                                 const Indexes& pending) {
  std::vector<AddressSettings> wanted;
  for (const size_t request : pending) wanted.push_back(addresses_of(requests_[request])[0]);
  std::vector<AddressSettings> changes;
  const auto unplanned = netlink::try_query(
      0, false, [&] { changes = transport_.plan_changes(index, AF_UNSPEC, Plan(wanted, false)); });
  if (!unplanned) return changes;
  for (const size_t request : pending) response_.fail(request, netlink::not_sent(*unplanned));
  return std::nullopt;
}

// Appends the message of a change.
void Client::put_change(uint32_t index, const AddressSettings& change, SentChanges& sent) {
  const size_t request = sent.request_of[change.address];
  switch (change_of(change)) {
    case AddressChange::kNone:
    case AddressChange::kRefuse:
    case AddressChange::kPrune:
    case AddressChange::kKeep:
    case AddressChange::kRestore:
      return;
    case AddressChange::kPresent:
      refuse_settings(request, change);
      return;
    case AddressChange::kDelete:
      sent.deleted.insert(change.address);
      put_delete_address(batch_, index, change);
      break;
    case AddressChange::kReplace:
      put_replace_address(batch_, index, change);
      break;
    case AddressChange::kAdd:
      put_new_address(batch_, index, change);
      response_.results[request].created = sent.deleted.contains(change.address) ? 0 : 1;
      break;
  }
  response_.results[request].changed = 1;
  sent.list.push_back(change);
}

// Sends the messages of changes. Returns the requests to try again.
Client::Indexes Client::send_changes(uint32_t index, const SentChanges& sent, bool last) {
  std::set<size_t> again;
  std::set<size_t> undeleted;
  const auto failures = transport_.run(batch_);
  batch_.clear();
  for (const Failure& failure : failures) {
    const AddressSettings& change = sent.list[failure.index];
    const size_t request = sent.request_of.at(change.address);
    const bool deleting = change_of(change) == AddressChange::kDelete;
    const bool refused = failure.status == Status::kRefused;
    const bool overtaken = refused && failure.error == (deleting ? EADDRNOTAVAIL : EEXIST);
    if (refused && deleting) undeleted.insert(failure.index);
    if (!deleting && !overtaken && sent.deleted.contains(change.address) &&
        !undeleted.contains(failure.index - 1)) {
      // If the new address was added nevertheless, the kernel refuses the old one.
      put_new_address(batch_, index, sent.list[failure.index - 1]);
    }
    // The kernel has changed nothing, unless it executed a deletion before.
    if (refused && !sent.deleted.contains(change.address)) response_.results[request].changed = 0;
    if (!last && !transport_.stalled() && (overtaken || netlink::is_repeatable(failure))) {
      again.insert(request);
    } else {
      response_.fail(request, failure);
      again.erase(request);
    }
  }
  if (batch_.size() > 0) transport_.run(batch_);
  return {again.begin(), again.end()};
}

}  // namespace rtnl
