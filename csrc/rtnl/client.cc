#include "rtnl/client.h"

#include <linux/netlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <numeric>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include "os/error.h"
#include "rtnl/codec.h"

namespace rtnl {
namespace {

using netlink::Failure;

using netlink::Messages;
using os::Error;

constexpr int kAttempts = 5;  // of a reading that was disturbed
// Rounds of an ensure, while other writers are faster.
constexpr int kRounds = 4;

bool names_a_link(const LinkKey& key) { return key.index != 0 || !key.name.view().empty(); }

Change change_of(const AddressSettings& address) { return static_cast<Change>(address.change); }

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

bool is_lost(const Failure& failure) {
  // After a timeout nothing is sent any more.
  return failure.status == Status::kLost && failure.error != ETIMEDOUT;
}

netlink::Socket open_strict(const os::Namespace& netns) {
  netlink::Socket socket = netlink::Socket::open(NETLINK_ROUTE, netns);
  // Without it the kernel does not heed the link that a list of addresses asks for.
  const int on = 1;
  if (::setsockopt(socket.descriptor(), SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on, sizeof on) != 0) {
    throw Error(errno, "setsockopt", "NETLINK_GET_STRICT_CHK");
  }
  return socket;
}

// Where the records stand among all, and how many they are. The first ones change hands without a copy.
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

/// What an operation takes: the method that answers it, and how its address is put.
struct Client::Rule {
  Operation operation;
  void (Client::*run)(Range);
  void (*put)(netlink::MessageBatch&, uint32_t, const AddressSettings&) = nullptr;
};

constexpr Client::Rule Client::kRules[] = {
    {Operation::kListLinks, &Client::run_lists},
    {Operation::kGetLink, &Client::run_link_readings},
    {Operation::kEnsureDummy, &Client::run_dummies},
    {Operation::kSetLink, &Client::run_link_changes},
    {Operation::kDeleteLink, &Client::run_link_changes},
    {Operation::kListAddresses, &Client::run_lists},
    {Operation::kAddAddress, &Client::run_addresses, put_new_address},
    {Operation::kEnsureAddress, &Client::run_address_ensures},
    {Operation::kReplaceAddress, &Client::run_addresses, put_replace_address},
    {Operation::kDeleteAddress, &Client::run_addresses, put_delete_address},
    {Operation::kPlanAddresses, &Client::run_lists},
};

const Client::Rule& Client::rule_of(uint32_t operation) {
  static_assert(std::size(kRules) == static_cast<size_t>(Operation::kCount));
  static constexpr Rule kUnknown{Operation::kCount, &Client::run_unknown};
  return operation < std::size(kRules) ? kRules[operation] : kUnknown;
}

Client::Client(netlink::Socket socket) : socket_(std::move(socket)) {}

Client::Client(const os::Namespace& netns) : Client(open_strict(netns)) {}

Response Client::run(std::span<const Request> requests,
                     std::span<const AddressSettings> addresses) {
  requests_ = requests;
  addresses_ = addresses;
  socket_.resume();
  response_ = {};
  response_.results.resize(requests.size());
  for (Range range{0, 0}; range.first < requests.size(); range.first = range.last) {
    const auto run = rule_of(requests[range.first].operation).run;
    range.last = range.first + 1;
    while (range.last < requests.size() && rule_of(requests[range.last].operation).run == run) {
      ++range.last;
    }
    (this->*run)(range);
  }
  return std::move(response_);
}

std::span<const AddressSettings> Client::addresses_of(const Request& request) const {
  if (request.first_address > addresses_.size() ||
      request.addresses > addresses_.size() - request.first_address) {
    return {};
  }
  return addresses_.subspan(request.first_address, request.addresses);
}

// Carries out a reading; what it throws is the request's failure.
void Client::attempt(size_t request, const std::function<void()>& action) {
  if (socket_.stalled()) return response_.fail(request, Status::kNotSent, ETIMEDOUT);
  try {
    response_.set_done(request);
    action();
  } catch (const Error& error) {
    response_.fail(request, netlink::failure_of(request, error));
  }
}

std::vector<Failure> Client::send(const std::function<void(size_t, const Link&)>& on_link) {
  std::vector<Failure> damaged;
  auto failures = socket_.run(batch_, [&](size_t index, const Messages& message) {
    if (const auto link = read_link(message)) {
      on_link(index, *link);
    } else {
      damaged.push_back({index, EBADMSG, Status::kLost, {}});
    }
  });
  failures.insert(failures.end(), damaged.begin(), damaged.end());
  return failures;
}

void Client::run_unknown(Range range) {
  for (size_t request = range.first; request < range.last; ++request) {
    response_.fail(request, Status::kNotSent, EOPNOTSUPP);
  }
}

// A reading changes nothing: where its answer was lost, it is asked again. Failures name the place
// in `keys`.
std::vector<Failure> Client::ask(std::span<const LinkKey* const> keys, const OnLink& on_link) {
  std::vector<Failure> failures;
  Numbers pending(keys.size());
  std::iota(pending.begin(), pending.end(), 0);
  for (int attempt = 1; !pending.empty(); ++attempt) {
    batch_.clear();
    for (const size_t place : pending) put_get_link(batch_, *keys[place]);
    auto failed = send([&](size_t index, const Link& link) { on_link(pending[index], link); });
    Numbers again;
    for (Failure& failure : failed) {
      failure.index = pending[failure.index];
      if (is_lost(failure) && attempt < kAttempts) {
        again.push_back(failure.index);
      } else {
        failures.push_back(std::move(failure));
      }
    }
    pending = std::move(again);
  }
  return failures;
}

// Apart from changes, so that what is asked again has not changed since.
void Client::run_link_readings(Range range) {
  std::vector<const LinkKey*> keys;
  for (size_t request = range.first; request < range.last; ++request) {
    keys.push_back(&requests_[request].link);
    response_.set_done(request);
  }
  const auto failures = ask(keys, [&](size_t place, const Link& link) {
    Result& result = response_.results[range.first + place];
    result.first_link = static_cast<uint32_t>(response_.links.size());
    result.links = 1;
    response_.links.push_back(link);
  });
  for (const Failure& failure : failures) response_.fail(range.first + failure.index, failure);
}

void Client::run_link_changes(Range range) {
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
  for (const Failure& failure : send()) response_.fail(range.first + failure.index, failure);
}

// An ensure must see what the one before it did: where a link comes again, another part begins.
void Client::run_dummies(Range range) {
  std::set<std::string_view> seen;
  Range part{range.first, range.first};
  for (; part.last < range.last; ++part.last) {
    const std::string_view name = requests_[part.last].link.name.view();
    if (seen.insert(name).second) continue;
    ensure_dummies(part);
    part.first = part.last;
    seen = {name};
  }
  ensure_dummies(part);
}

// Looks first, so that nothing is sent where all is as it should be, and creates with NLM_F_EXCL:
// without it the kernel would take over a link of another kind.
void Client::ensure_dummies(Range range) {
  Numbers pending;
  for (size_t request = range.first; request < range.last; ++request) pending.push_back(request);

  for (int round = 1; !pending.empty(); ++round) {
    const bool last = round == kRounds;
    std::vector<std::optional<Link>> found(pending.size());
    std::vector<const Failure*> unread(pending.size());
    std::vector<const LinkKey*> keys;
    for (const size_t request : pending) keys.push_back(&requests_[request].link);
    const auto unfound = ask(keys, [&](size_t place, const Link& link) { found[place] = link; });
    for (const Failure& failure : unfound) unread[failure.index] = &failure;

    Numbers again;
    Numbers sent;
    batch_.clear();
    for (size_t i = 0; i < pending.size(); ++i) {
      const size_t request = pending[i];
      const Request& wanted = requests_[request];
      const LinkSettings settings = settings_of(wanted);
      const Failure* failure = unread[i];
      if (failure != nullptr && (failure->status != Status::kRefused || failure->error != ENODEV)) {
        response_.fail(request, *failure);
        continue;
      }
      if (found[i] && found[i]->kind.view() != "dummy") {
        response_.fail(request, kOtherKind, EEXIST, std::string(found[i]->kind.view()));
        continue;
      }
      response_.results[request].created = found[i] ? 0 : 1;
      response_.set_done(request);
      if (found[i] && has_settings(*found[i], settings)) continue;
      if (found[i]) {
        put_set_link(batch_, {found[i]->index, {}}, settings);
      } else {
        put_new_dummy(batch_, wanted.link.name, settings);
      }
      response_.results[request].changed = 1;
      sent.push_back(request);
    }
    for (const Failure& failure : send()) {
      const size_t request = sent[failure.index];
      const bool creating = response_.results[request].created != 0;
      const bool overtaken =
          failure.status == Status::kRefused && failure.error == (creating ? EEXIST : ENODEV);
      if (failure.status == Status::kRefused) response_.results[request].changed = 0;
      if (!last && !socket_.stalled() && (overtaken || is_lost(failure))) {
        again.push_back(request);
      } else {
        response_.fail(request, failure);
      }
    }
    pending = std::move(again);
  }
}

// The index of the link of each request in the range; a request whose link is not found fails, and has
// index 0.
std::vector<uint32_t> Client::find_links(Range range) {
  std::vector<uint32_t> indexes(range.last - range.first);
  std::map<std::string_view, Numbers> named;
  for (size_t request = range.first; request < range.last; ++request) {
    const LinkKey& link = requests_[request].link;
    indexes[request - range.first] = link.index;
    if (link.index == 0) named[link.name.view()].push_back(request);
  }
  if (named.empty()) return indexes;

  std::vector<const Numbers*> asked;
  std::vector<const LinkKey*> keys;
  for (const auto& [name, requests] : named) {
    asked.push_back(&requests);
    keys.push_back(&requests_[requests[0]].link);
  }
  const auto failures = ask(keys, [&](size_t place, const Link& link) {
    for (const size_t request : *asked[place]) indexes[request - range.first] = link.index;
  });
  for (Failure failure : failures) {
    // What was to be done with the link was not sent, whatever became of the question.
    if (failure.status == Status::kLost) failure.status = Status::kNotSent;
    for (const size_t request : *asked[failure.index]) response_.fail(request, failure);
  }
  return indexes;
}

// Refuses an address that the link has, and the kernel does not change to what is wanted. The answer
// is the address as the link has it.
void Client::refuse(size_t request, const AddressSettings& present) {
  Result& result = response_.results[request];
  result.first_address = static_cast<uint32_t>(response_.addresses.size());
  result.addresses = 1;
  response_.addresses.push_back({.settings = present, .index = 0, .link = {}});
  response_.fail(request, kOtherSettings, EEXIST);
}

// Nothing is sent of addresses that are for another link than they are put on.
void Client::refuse_other_links(Range range, std::span<const uint32_t> indexes) {
  for (size_t request = range.first; request < range.last; ++request) {
    if (!response_.is_pending(request)) continue;
    for (const AddressSettings& address : addresses_of(requests_[request])) {
      if (address.link == 0 || address.link == indexes[request - range.first]) continue;
      response_.fail(request, kOtherLink, EINVAL);
    }
  }
}

void Client::run_addresses(Range range) {
  const auto indexes = find_links(range);
  refuse_other_links(range, indexes);
  Numbers sent;
  batch_.clear();
  for (size_t request = range.first; request < range.last; ++request) {
    if (!response_.is_pending(request)) continue;
    const auto addresses = addresses_of(requests_[request]);
    const auto put = rule_of(requests_[request].operation).put;
    if (addresses.size() == 2 && change_of(addresses[0]) == Change::kRefuse) {
      refuse(request, addresses[1]);
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
  for (const Failure& failure : send()) response_.fail(sent[failure.index], failure);
}

// An ensure must see what the one before it did: where an address comes again, another part begins.
void Client::run_address_ensures(Range range) {
  const auto indexes = find_links(range);
  refuse_other_links(range, indexes);
  std::set<std::pair<uint32_t, Address>> seen;
  Range part{range.first, range.first};
  const auto run_part = [&] {
    Groups groups;
    for (size_t request = part.first; request < part.last; ++request) {
      if (!response_.is_pending(request)) continue;
      groups[indexes[request - range.first]].push_back(request);
    }
    for (const auto& [index, requests] : groups) ensure_group(index, requests);
  };
  for (; part.last < range.last; ++part.last) {
    const auto addresses = addresses_of(requests_[part.last]);
    if (addresses.size() != 1) {
      response_.fail(part.last, Status::kNotSent, EINVAL);
      continue;
    }
    const std::pair key{indexes[part.last - range.first], addresses[0].address};
    if (seen.insert(key).second) continue;
    run_part();
    part.first = part.last;
    seen = {key};
  }
  run_part();
}

// Ensures addresses of one link, all of them different.
void Client::ensure_group(uint32_t index, Numbers pending) {
  for (int round = 1; !pending.empty(); ++round) {
    std::vector<AddressSettings> wanted;
    for (const size_t request : pending) wanted.push_back(addresses_of(requests_[request])[0]);
    std::vector<AddressSettings> changes;
    try {
      changes = plan(index, AF_UNSPEC, Plan(wanted, false));
    } catch (const Error& error) {
      for (const size_t request : pending) {
        Failure failure = netlink::failure_of(request, error);
        if (failure.status == Status::kLost) failure.status = Status::kNotSent;
        response_.fail(request, failure);
      }
      return;
    }
    std::map<Address, size_t> request_of;
    for (const size_t request : pending) {
      request_of.emplace(addresses_of(requests_[request])[0].address, request);
      response_.results[request].created = 0;
      response_.set_done(request);
    }
    std::set<Address> replaced;
    std::vector<AddressSettings> sent;
    batch_.clear();
    for (const AddressSettings& change : changes) {
      const size_t request = request_of[change.address];
      switch (change_of(change)) {
        case Change::kRefuse:
          continue;
        case Change::kPresent:
          refuse(request, change);
          continue;
        case Change::kDelete:
          replaced.insert(change.address);
          put_delete_address(batch_, index, change);
          break;
        case Change::kReplace:
          put_replace_address(batch_, index, change);
          break;
        default:
          put_new_address(batch_, index, change);
          response_.results[request].created = replaced.contains(change.address) ? 0 : 1;
          break;
      }
      response_.results[request].changed = 1;
      sent.push_back(change);
    }
    std::set<size_t> again;
    for (const Failure& failure : send()) {
      const AddressSettings& change = sent[failure.index];
      const size_t request = request_of[change.address];
      const bool deleting = change_of(change) == Change::kDelete;
      const bool overtaken = failure.status == Status::kRefused &&
                             failure.error == (deleting ? EADDRNOTAVAIL : EEXIST);
      const bool last = round == kRounds || socket_.stalled();
      // The kernel did nothing; before a deletion it has.
      const bool untouched =
          failure.status == Status::kRefused && !replaced.contains(change.address);
      if (untouched) response_.results[request].changed = 0;
      if (!last && (overtaken || is_lost(failure))) {
        again.insert(request);
      } else {
        response_.fail(request, failure);
        again.erase(request);
      }
    }
    pending.assign(again.begin(), again.end());
  }
}

void Client::run_lists(Range range) {
  for (size_t request = range.first; request < range.last; ++request) {
    attempt(request, [&] { list(request); });
  }
}

void Client::list(size_t number) {
  const Request& request = requests_[number];
  const size_t first_link = response_.links.size();
  std::vector<LinkAddress> addresses;
  std::vector<AddressSettings> changes;
  switch (static_cast<Operation>(request.operation)) {
    case Operation::kListLinks:
      list_links(request.kind, response_.links);
      break;
    case Operation::kPlanAddresses: {
      const Link link = get_link(request.link);
      response_.links.push_back(link);
      const auto wanted = addresses_of(request);
      const auto other =
          std::find_if(wanted.begin(), wanted.end(), [&](const AddressSettings& address) {
            return address.link != 0 && address.link != link.index;
          });
      if (other != wanted.end()) {
        const auto place = std::to_string(other - wanted.begin());
        return response_.fail(number, kOtherLink, EINVAL, place);
      }
      changes = plan(link.index, static_cast<uint16_t>(request.family),
                     Plan(wanted, (request.settings & Request::kPrune) != 0,
                          (link.flags & IFF_LOOPBACK) != 0));
      break;
    }
    default:
      if (names_a_link(request.link)) {
        const Link link = get_link(request.link);
        addresses = list_addresses(link.index, static_cast<uint16_t>(request.family));
        for (LinkAddress& address : addresses) address.link = link.name;
      } else {
        addresses = list_addresses(0, static_cast<uint16_t>(request.family));
        name_links(addresses);
      }
      break;
  }
  Result& result = response_.results[number];
  result.first_link = static_cast<uint32_t>(first_link);
  result.links = static_cast<uint32_t>(response_.links.size() - first_link);
  std::tie(result.first_address, result.addresses) =
      append(response_.addresses, std::move(addresses));
  std::tie(result.first_change, result.changes) = append(response_.changes, std::move(changes));
}

Link Client::get_link(const LinkKey& key) {
  std::optional<Link> found;
  const LinkKey* const keys[] = {&key};
  const auto failures = ask(keys, [&](size_t, const Link& link) { found = link; });
  if (!failures.empty()) throw Error(failures[0].error, "RTM_GETLINK", failures[0].text);
  return *found;
}

// Hands the messages of the dump in the batch to `read`, and calls `restart` where it begins anew.
template <typename Read, typename Restart>
void Client::dump(Read read, Restart restart) {
  for (int attempt = 1;; ++attempt) {
    const auto end = socket_.dump(batch_, read);
    if (!end.interrupted) return;
    if (attempt == kAttempts) throw Error(EINTR, "dump");
    restart();
  }
}

void Client::list_links(const Name<32>& kind, std::vector<Link>& links) {
  const size_t first = links.size();
  batch_.clear();
  put_list_links(batch_, kind);
  dump(
      [&](const Messages& message) {
        const auto link = read_link(message);
        if (!link) throw Error(EBADMSG, "RTM_GETLINK");
        // By a kind whose module is not loaded the kernel does not filter.
        if (kind.view().empty() || link->kind.view() == kind.view()) links.push_back(*link);
      },
      [&] { links.resize(first); });
}

// What read_address() does not read is of another family than IP, or damaged: the socket has seen to
// the lengths.
std::vector<LinkAddress> Client::list_addresses(uint32_t index, uint16_t family) {
  std::vector<LinkAddress> addresses;
  batch_.clear();
  put_list_addresses(batch_, index, family);
  dump(
      [&](const Messages& message) {
        if (const auto address = read_address(message)) addresses.push_back(*address);
      },
      [&] { addresses.clear(); });
  return addresses;
}

// The same messages, none of which is kept.
std::vector<AddressSettings> Client::plan(uint32_t index, uint16_t family, Plan plan) {
  batch_.clear();
  put_list_addresses(batch_, index, family);
  dump(
      [&](const Messages& message) {
        if (const auto address = read_address(message)) plan.note(*address);
      },
      [&] { plan.restart(); });
  return plan.changes();
}

// Fills in the names of the links. The address of a link that is gone is gone as well.
void Client::name_links(std::vector<LinkAddress>& addresses) {
  std::vector<Link> links;
  list_links({}, links);
  std::map<uint32_t, Name<16>> names;
  for (const Link& link : links) names.emplace(link.index, link.name);
  std::erase_if(addresses, [&](LinkAddress& address) {
    const auto found = names.find(address.index);
    if (found != names.end()) address.link = found->second;
    return found == names.end();
  });
}

}  // namespace rtnl
