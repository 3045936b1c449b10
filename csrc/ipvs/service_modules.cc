#include "ipvs/service_modules.h"

#include <algorithm>
#include <cerrno>
#include <iterator>

#include "netlink/requests.h"

namespace ipvs {
namespace {

using netlink::Attributes;
using netlink::Failure;
using netlink::Status;

// The kernel's refusal of a command whose modules are missing: the kernel looks for the service
// first.
Failure refusal_of(Transport& transport, size_t index, const Command& command) {
  try {
    const bool exists = transport.find_service(command.service->key).has_value();
    const bool creates = command.format->id == IPVS_CMD_NEW_SERVICE;
    const int other = creates ? EEXIST : ESRCH;
    return {index, exists == creates ? other : ENOENT, Status::kRefused, {}};
  } catch (const netlink::RequestError& error) {
    return netlink::not_sent(error.failure(index));
  }
}

}  // namespace

void ServiceModules::begin() {
  std::erase_if(known_, [](const auto& each) { return each.second != ProbeResult::kPresent; });
}

std::optional<ServiceModules::Names> ServiceModules::names_of(const Command& command) {
  if (command.format->service != Fields::kFull) return std::nullopt;
  return Names{command.service->scheduler, command.service->engine};
}

bool ServiceModules::are_present(const Command& command) const {
  const auto names = names_of(command);
  if (!names) return true;
  const auto known = known_.find(*names);
  return known != known_.end() && known->second == ProbeResult::kPresent;
}

std::vector<Failure> ServiceModules::run(Transport& transport, std::span<const Command> commands,
                                         const Transport::OnReply& on_reply) {
  const bool all_present = std::all_of(commands.begin(), commands.end(),
                                       [&](const auto& command) { return are_present(command); });
  if (all_present) return transport.run(commands, on_reply);

  std::vector<Failure> failures;
  NameSet refused;
  size_t allowed = 1;  // commands with unknown modules in the next exchange
  for (size_t index = 0; index < commands.size(); allowed *= 2) {
    std::vector<Command> sent;
    std::vector<size_t> indexes;
    size_t unknown = 0;
    for (; index < commands.size() && unknown < allowed; ++index) {
      const Command& command = commands[index];
      if (!are_present(command)) {
        const Names names = *names_of(command);
        auto known = known_.find(names);
        if (known == known_.end()) {
          const bool probing =
              transport.netns() && !transport.stalled() && may_load_modules(*command.service);
          // The commands before it do not wait for the probe.
          if (probing && !sent.empty()) break;
          const ProbeResult result =
              probing ? probe_modules(transport.netns(), transport.scope(), *command.service)
                      : ProbeResult::kUnknown;
          known = known_.emplace(names, result).first;
        }
        if (known->second == ProbeResult::kLate) {
          failures.push_back({index, ETIMEDOUT, Status::kNotSent, {}});
          continue;
        }
        if (known->second == ProbeResult::kAbsent) {
          if (!sent.empty()) break;
          failures.push_back(refusal_of(transport, index, command));
          continue;
        }
        if (refused.contains(names)) {
          failures.push_back({index, ENOENT, Status::kRefused, {}});
          continue;
        }
        if (known->second == ProbeResult::kUnknown) ++unknown;
      }
      sent.push_back(command);
      indexes.push_back(index);
    }
    auto failed = transport.run(sent, [&](size_t command, Attributes attributes) {
      on_reply(indexes[command], attributes);
    });
    learn(sent, failed, refused);
    netlink::map_indexes(failed, indexes);
    std::move(failed.begin(), failed.end(), std::back_inserter(failures));
  }
  netlink::sort_by_index(failures);
  return failures;
}

// A command that succeeded shows that its modules are present, ENOENT that one is not; other
// failures show nothing.
void ServiceModules::learn(std::span<const Command> commands, const std::vector<Failure>& failures,
                           NameSet& refused) {
  auto failure = failures.begin();
  for (size_t index = 0; index < commands.size(); ++index) {
    const bool failed = failure != failures.end() && failure->index == index;
    if (const auto names = names_of(commands[index])) {
      if (!failed) known_[*names] = ProbeResult::kPresent;
      if (failed && failure->error == ENOENT) refused.insert(*names);
    }
    if (failed) ++failure;
  }
}

}  // namespace ipvs
