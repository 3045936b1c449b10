#include "ipvs/transport.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "ipvs/duplicates.h"
#include "ipvs/module_probe.h"
#include "netlink/requests.h"
#include "os/error.h"

namespace ipvs {
namespace {

using netlink::Attributes;
using netlink::Failure;
using netlink::Messages;
using netlink::ReplyKind;
using netlink::RequestError;
using netlink::Status;
using os::Error;

constexpr CommandFormat kListServices{.id = IPVS_CMD_GET_SERVICE, .reply_kind = ReplyKind::kDump};
constexpr CommandFormat kListDestinations{
    .id = IPVS_CMD_GET_DEST, .service = Fields::kKey, .reply_kind = ReplyKind::kDump};
constexpr CommandFormat kListDaemons{.id = IPVS_CMD_GET_DAEMON, .reply_kind = ReplyKind::kDump};
constexpr int kListAttempts = 5;

// Waits until the kernel is free to reply on the socket.
netlink::Socket& ready(netlink::Socket& socket, module_loader::Scope scope) {
  load_family();
  if (!module_loader::wait_for_loads(scope)) throw Error(ETIMEDOUT, "CTRL_CMD_GETFAMILY");
  return socket;
}

}  // namespace

Transport::Transport(netlink::Socket socket)
    : socket_(std::move(socket)), family_(socket_, IPVS_GENL_NAME, IPVS_GENL_VERSION) {}

Transport::Transport(const Netns& netns)
    : Transport(netlink::Socket::open(NETLINK_GENERIC, *netns), netns) {}

Transport::Transport(netlink::Socket socket, Netns netns)
    : netns_(std::move(netns)),
      socket_(std::move(socket)),
      scope_(module_loader::scope_of(socket_.descriptor())),
      family_(ready(socket_, scope_), IPVS_GENL_NAME, IPVS_GENL_VERSION) {}

void Transport::encode(netlink::MessageBatch& batch, const Command& command, uint16_t flags) const {
  const CommandFormat& format = *command.format;
  family_.begin(batch, format.id, flags, format.reply_kind);
  if (format.service && command.service->key.family != 0) {
    put_service(batch, *command.service, *format.service);
  }
  if (format.destination) put_destination(batch, *command.destination, *format.destination);
  if (format.daemon) put_daemon(batch, *command.daemon, *format.daemon);
  if (format.timeouts) put_timeouts(batch, *command.timeouts);
  batch.end();
}

std::vector<Failure> Transport::run_once(std::span<const Command> commands,
                                         const OnReply& on_reply) {
  if (!module_loader::wait_for_loads(scope_)) {
    std::vector<Failure> failures;
    for (size_t index = 0; index < commands.size(); ++index) {
      failures.push_back({index, ETIMEDOUT, Status::kNotSent, {}});
    }
    return failures;
  }
  batch_.clear();
  for (const Command& command : commands) encode(batch_, command, 0);
  auto failures = socket_.run(batch_, [&](size_t index, const Messages& message) {
    on_reply(index, message.attributes(netlink::kGenericHeader));
  });
  recoveries_->count_lost(failures);
  return failures;
}

// Looks the family up again. True if it has another id than before.
bool Transport::renew_family() {
  try {
    if (netns_) load_family();
    const bool changed = family_.refresh(socket_);
    available_ = true;
    return changed;
  } catch (const Error& error) {
    available_ = available_ && error.error() != ENOENT;
    return false;
  }
}

std::vector<Failure> Transport::run(std::span<const Command> commands, const OnReply& on_reply) {
  std::vector<Failure> failures = run_once(commands, on_reply);

  // A stale id fails every message from some point on: if the last one succeeded, ENOENT means
  // something else.
  const auto has_stale_id = [](const Failure& failure) { return failure.error == ENOENT; };
  const bool last_failed = !failures.empty() && failures.back().index + 1 == commands.size();
  if (last_failed && has_stale_id(failures.back()) && renew_family()) {
    run_again(commands, on_reply, failures, has_stale_id);
  }

  // A query changes nothing, so it may be repeated.
  const auto is_lost_query = [&](const Failure& failure) {
    return netlink::is_repeatable(failure) &&
           commands[failure.index].format->reply_kind == ReplyKind::kData;
  };
  if (std::any_of(failures.begin(), failures.end(), is_lost_query)) {
    run_again(commands, on_reply, failures, is_lost_query);
  }
  remove_confirmed(commands, failures);
  return failures;
}

// Runs the commands of repeatable failures once more. Their new failures replace the old ones.
template <typename IsRepeatable>
void Transport::run_again(std::span<const Command> commands, const OnReply& on_reply,
                          std::vector<Failure>& failures, IsRepeatable is_repeatable) {
  std::vector<size_t> indexes;
  std::vector<Command> repeated;
  for (const Failure& failure : failures) {
    if (!is_repeatable(failure)) continue;
    indexes.push_back(failure.index);
    repeated.push_back(commands[failure.index]);
  }
  std::erase_if(failures, is_repeatable);
  recoveries_->repeated_requests += repeated.size();
  auto remaining = run_once(
      repeated, [&](size_t index, Attributes attributes) { on_reply(indexes[index], attributes); });
  netlink::map_indexes(remaining, indexes);
  std::move(remaining.begin(), remaining.end(), std::back_inserter(failures));
  netlink::sort_by_index(failures);
}

// Removes the failures of lost commands whose effect the table shows.
void Transport::remove_confirmed(std::span<const Command> commands,
                                 std::vector<Failure>& failures) {
  DestinationLists lists;
  bool replying = true;
  std::erase_if(failures, [&](const Failure& failure) {
    if (failure.status != Status::kLost || !replying) return false;
    try {
      return is_confirmed(commands[failure.index], lists);
    } catch (const RequestError&) {
      replying = false;  // this one stays unknown, and so do those after it
      return false;
    }
  });
}

// Only for commands that set a state: the existence of an object does not prove that it was added,
// nor its absence that it was deleted.
bool Transport::is_confirmed(const Command& command, DestinationLists& lists) {
  switch (command.format->id) {
    case IPVS_CMD_SET_SERVICE: {
      const auto found = find_service(command.service->key);
      return found && same(found->service, *command.service);
    }
    case IPVS_CMD_SET_DEST: {
      const auto [list, is_new] = lists.try_emplace(command.service->key);
      if (is_new) list_destinations(command.service->key, list->second);
      return std::any_of(list->second.begin(), list->second.end(), [&](const auto& entry) {
        return same(entry.destination, *command.destination);
      });
    }
    case IPVS_CMD_FLUSH: {
      std::vector<ServiceEntry> entries;
      list_services(entries);
      return entries.empty();
    }
    default:
      return false;
  }
}

template <typename Entry, typename Read>
void Transport::list(const Command& command, std::vector<Entry>& entries, Read read) {
  const size_t first = entries.size();
  for (int attempt = 1;; ++attempt) {
    if (!module_loader::wait_for_loads(scope_)) {
      throw RequestError(Status::kNotSent, ETIMEDOUT, "send");
    }
    entries.resize(first);
    if (attempt > 1) ++recoveries_->repeated_lists;
    bool malformed = false;
    dump_.clear();
    encode(dump_, command, NLM_F_DUMP);
    try {
      const auto end = socket_.dump(dump_, [&](const Messages& message) {
        const auto entry = read(message.attributes(netlink::kGenericHeader));
        malformed = malformed || !entry;
        if (entry) entries.push_back(*entry);
      });
      if (malformed) {
        throw RequestError(Status::kLost, EBADMSG, "recvmmsg",
                           "a message that is not what was asked for");
      }
      if (end.interrupted && attempt < kListAttempts) continue;
      if (end.interrupted) {
        throw RequestError(Status::kLost, EINTR, "recvmmsg",
                           "the list changed during each reading");
      }
      // Linux 7 enlarges its table a moment after services were added. A dump that is running then
      // continues at the same place in another order: it repeats as many objects as it leaves out.
      const bool had_duplicates = end.datagrams > 1 && remove_duplicates(entries, first);
      if (had_duplicates && attempt < kListAttempts) continue;
      return;
    } catch (const RequestError& error) {
      if (error.error() != ENOENT || attempt > 1 || !renew_family()) throw;
    }
  }
}

void Transport::list_services(std::vector<ServiceEntry>& entries) {
  list(Command{.format = &kListServices}, entries, read_service);
}

void Transport::list_destinations(const ServiceKey& service, std::vector<DestinationEntry>& entries,
                                  Statistics statistics) {
  Service named{};
  named.key = service;
  list(Command{.format = &kListDestinations, .service = &named}, entries,
       [&](Attributes attributes) {
         return read_destination(attributes, service.family, statistics);
       });
}

void Transport::list_daemons(std::vector<SyncDaemon>& entries) {
  list(Command{.format = &kListDaemons}, entries, read_daemon);
}

std::optional<ServiceEntry> Transport::find_service(const ServiceKey& service) {
  Service named{};
  named.key = service;
  const Command command{.format = &kGetService, .service = &named};
  std::optional<ServiceEntry> found;
  const auto failures =
      run({&command, 1}, [&](size_t, Attributes attributes) { found = read_service(attributes); });
  if (failures.empty() && !found) {
    throw RequestError(Status::kLost, EBADMSG, "recvmmsg", "a reply without a service");
  }
  if (failures.empty()) return found;
  if (failures[0].error == ESRCH) return std::nullopt;
  throw RequestError(failures[0], "IPVS_CMD_GET_SERVICE");
}

}  // namespace ipvs
