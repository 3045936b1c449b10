#include "ipvs/transport.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <utility>

#include "ipvs/duplicates.h"
#include "ipvs/loading.h"
#include "os/error.h"

namespace ipvs {
namespace {

using netlink::Attributes;
using netlink::Failure;
using netlink::Messages;
using os::Error;

constexpr CommandFormat kListServices{.id = IPVS_CMD_GET_SERVICE};
constexpr CommandFormat kListDestinations{.id = IPVS_CMD_GET_DEST, .service = Fields::kKey};
constexpr CommandFormat kListDaemons{.id = IPVS_CMD_GET_DAEMON};
constexpr int kListAttempts = 5;

// Makes the kernel load the family's module, which it does in the request that looks for it.
void load_family() {
  if (loading::is_loaded("ip_vs")) return;
  const bool over = loading::settled(loading::kFamily) && loading::run(loading::kFamily, [] {
                      try {
                        auto socket = netlink::Socket::open(NETLINK_GENERIC, {});
                        netlink::Family(socket, IPVS_GENL_NAME, IPVS_GENL_VERSION);
                      } catch (const std::exception&) {
                        // Whoever asks next is told.
                      }
                    });
  if (!over) throw Error(ETIMEDOUT, "CTRL_CMD_GETFAMILY", "modprobe has not ended");
}

// The socket, once the kernel is free to answer.
netlink::Socket& ready(netlink::Socket& socket, loading::Scope scope) {
  load_family();
  if (!loading::settled(scope)) throw Error(ETIMEDOUT, "CTRL_CMD_GETFAMILY");
  return socket;
}

// Asks for a service that cannot be, with the scheduler and the engine of another: the kernel looks
// for these first, and then refuses the prefix length of 0. The errno.
int try_modules(const os::Namespace& netns, const Service& wanted) {
  auto socket = netlink::Socket::open(NETLINK_GENERIC, netns);
  const netlink::Family family(socket, IPVS_GENL_NAME, IPVS_GENL_VERSION);
  Service service{};
  // A key that no service has: where one had it, the kernel would look no further.
  service.key.family = AF_INET6;
  service.key.protocol = UINT16_MAX;
  service.scheduler = wanted.scheduler;
  service.engine = wanted.engine;
  netlink::MessageBatch batch;
  family.begin(batch, IPVS_CMD_NEW_SERVICE, 0, netlink::ReplyKind::kErrorOnly);
  put_service(batch, service, Fields::kFull);
  batch.end();
  const auto failures = socket.run(batch, [](size_t, const Messages&) {});
  return failures.empty() ? 0 : failures[0].error;
}

}  // namespace

Transport::Transport(netlink::Socket socket)
    : socket_(std::move(socket)), family_(socket_, IPVS_GENL_NAME, IPVS_GENL_VERSION) {}

Transport::Transport(const std::shared_ptr<const os::Namespace>& netns)
    : Transport(netlink::Socket::open(NETLINK_GENERIC, *netns), netns) {}

Transport::Transport(netlink::Socket socket, std::shared_ptr<const os::Namespace> netns)
    : netns_(std::move(netns)),
      socket_(std::move(socket)),
      scope_(loading::scope_of(socket_.descriptor())),
      family_(ready(socket_, scope_), IPVS_GENL_NAME, IPVS_GENL_VERSION) {}

bool Transport::may_load(const Service& service) const {
  const auto is_known = [](const std::string& prefix, std::string_view name) {
    return name.empty() || name == "none" || loading::is_loaded(prefix + std::string(name));
  };
  return netns_ && !(is_known("ip_vs_", service.scheduler.view()) &&
                     is_known("ip_vs_pe_", service.engine.view()));
}

Transport::Modules Transport::load(const Service& service) {
  if (!loading::settled(scope_)) return Modules::kLate;
  const auto error = std::make_shared<std::atomic<int>>(0);
  bool over = false;
  try {
    over = loading::run(scope_, [netns = netns_, service, error] {
      try {
        *error = try_modules(*netns, service);
      } catch (const std::exception&) {
        *error = 0;
      }
    });
  } catch (const Error&) {
    // No thread or descriptor is left for it. The service itself needs neither.
    return Modules::kUnknown;
  }
  if (!over) return Modules::kLate;
  if (*error == ENOENT) return Modules::kAbsent;
  return *error == EINVAL ? Modules::kPresent : Modules::kUnknown;
}

void Transport::encode(netlink::MessageBatch& batch, const Command& step, uint16_t flags) const {
  family_.begin(batch, step.command->id, flags, step.command->reply_kind);
  if (step.command->service && step.service->key.family != 0) {
    put_service(batch, *step.service, *step.command->service);
  }
  if (step.command->destination) {
    put_destination(batch, *step.destination, *step.command->destination);
  }
  if (step.command->daemon) put_daemon(batch, *step.daemon, *step.command->daemon);
  if (step.command->timeouts) put_timeouts(batch, *step.timeouts);
  batch.end();
}

std::vector<Failure> Transport::run_once(std::span<const Command> steps, const OnReply& on_reply) {
  if (!loading::settled(scope_)) {
    std::vector<Failure> failures;
    for (size_t i = 0; i < steps.size(); ++i) {
      failures.push_back({i, ETIMEDOUT, netlink::Status::kNotSent, {}});
    }
    return failures;
  }
  batch_.clear();
  for (const Command& step : steps) encode(batch_, step, 0);
  return socket_.run(batch_, [&](size_t index, const Messages& message) {
    on_reply(index, message.attributes(netlink::kGenericHeader));
  });
}

// Whether the family is to be had under another id than before.
bool Transport::renewed() {
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

std::vector<Failure> Transport::run(std::span<const Command> steps, const OnReply& on_reply) {
  std::vector<Failure> failures = run_once(steps, on_reply);

  // A stale id fails every message from some point on: if the last one got through, ENOENT means
  // something else.
  const auto stale = [](const Failure& failure) { return failure.error == ENOENT; };
  const bool last_failed = !failures.empty() && failures.back().index + 1 == steps.size();
  if (last_failed && stale(failures.back()) && renewed()) {
    run_again(steps, on_reply, failures, stale);
  }

  // A query may be asked again; it changes nothing. After a timeout nothing is sent any more.
  const auto unanswered = [&](const Failure& failure) {
    return failure.status == netlink::Status::kLost && failure.error != ETIMEDOUT &&
           steps[failure.index].command->reply_kind == netlink::ReplyKind::kData;
  };
  if (std::any_of(failures.begin(), failures.end(), unanswered)) {
    run_again(steps, on_reply, failures, unanswered);
  }
  settle(steps, failures);
  return failures;
}

// Runs those steps once more whose failure `again` picks; what fails then takes the place of what
// failed before.
template <typename Again>
void Transport::run_again(std::span<const Command> steps, const OnReply& on_reply,
                          std::vector<Failure>& failures, Again again) {
  std::vector<size_t> indexes;
  std::vector<Command> repeated;
  for (const Failure& failure : failures) {
    if (!again(failure)) continue;
    indexes.push_back(failure.index);
    repeated.push_back(steps[failure.index]);
  }
  std::erase_if(failures, again);
  auto remaining = run_once(
      repeated, [&](size_t index, Attributes attributes) { on_reply(indexes[index], attributes); });
  for (Failure& failure : remaining) {
    failure.index = indexes[failure.index];
    failures.push_back(std::move(failure));
  }
  std::sort(failures.begin(), failures.end(),
            [](const Failure& a, const Failure& b) { return a.index < b.index; });
}

// Strikes out the lost answers of what the table shows as it was to become. Only of what sets a
// state: that an object is there does not prove that it was added, nor its absence that it was
// deleted.
void Transport::settle(std::span<const Command> steps, std::vector<Failure>& failures) {
  DestinationLists lists;
  bool answering = true;
  std::erase_if(failures, [&](const Failure& failure) {
    if (failure.status != netlink::Status::kLost || !answering) return false;
    try {
      return shows_done(steps[failure.index], lists);
    } catch (const Error&) {
      answering = false;  // still unknown, as is what comes after it
      return false;
    }
  });
}

bool Transport::shows_done(const Command& step, DestinationLists& lists) {
  switch (step.command->id) {
    case IPVS_CMD_SET_SERVICE: {
      const auto found = find_service(step.service->key);
      return found && same(found->service, *step.service);
    }
    case IPVS_CMD_SET_DEST: {
      const auto [list, fresh] = lists.try_emplace(step.service->key);
      if (fresh) list_destinations(step.service->key, list->second);
      return std::any_of(list->second.begin(), list->second.end(), [&](const auto& entry) {
        return same(entry.destination, *step.destination);
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
void Transport::list(const Command& request, std::vector<Entry>& entries, Read read) {
  const size_t first = entries.size();
  for (int attempt = 1;; ++attempt) {
    if (!loading::settled(scope_)) throw Error(ETIMEDOUT, "send");
    entries.resize(first);
    bool malformed = false;
    dump_.clear();
    encode(dump_, request, NLM_F_DUMP);
    try {
      const auto end = socket_.dump(dump_, [&](const Messages& message) {
        const auto entry = read(message.attributes(netlink::kGenericHeader));
        malformed = malformed || !entry;
        if (entry) entries.push_back(*entry);
      });
      if (malformed) throw Error(EBADMSG, "recvmmsg", "a message that is not what was asked for");
      if (end.interrupted && attempt < kListAttempts) continue;
      if (end.interrupted) throw Error(EINTR, "recvmmsg", "the list changed during each reading");
      // Linux 7 enlarges its table a moment after services were added. A list that was under way goes
      // on at the same place of another order, and names as many twice as it leaves out.
      const bool doubled = end.datagrams > 1 && remove_duplicates(entries, first);
      if (doubled && attempt < kListAttempts) continue;
      return;
    } catch (const Error& error) {
      if (error.error() != ENOENT || attempt > 1 || !renewed()) throw;
    }
  }
}

void Transport::list_services(std::vector<ServiceEntry>& entries) {
  list(Command{.command = &kListServices}, entries, read_service);
}

void Transport::list_destinations(const ServiceKey& service,
                                  std::vector<DestinationEntry>& entries) {
  Service named{};
  named.key = service;
  list(Command{.command = &kListDestinations, .service = &named}, entries,
       [&](Attributes attributes) { return read_destination(attributes, service.family); });
}

void Transport::list_daemons(std::vector<SyncDaemon>& entries) {
  list(Command{.command = &kListDaemons}, entries, read_daemon);
}

std::optional<ServiceEntry> Transport::find_service(const ServiceKey& service) {
  Service named{};
  named.key = service;
  const Command step{.command = &kGetService, .service = &named};
  std::optional<ServiceEntry> found;
  const auto failures =
      run({&step, 1}, [&](size_t, Attributes attributes) { found = read_service(attributes); });
  if (failures.empty() && !found) throw Error(EBADMSG, "recvmmsg", "a reply without a service");
  if (failures.empty()) return found;
  if (failures[0].error == ESRCH) return std::nullopt;
  throw Error(failures[0].error, "IPVS_CMD_GET_SERVICE", failures[0].text);
}

}  // namespace ipvs
