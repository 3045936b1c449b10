// Schedulers and persistence engines that commands name, and whether the kernel has their modules.
//
// The kernel runs modprobe each time a command names a scheduler or an engine that it lacks, and
// other users of generic netlink may have to wait meanwhile. So commands that name unknown modules
// wait for a probe, or are sent a few at a time. Commands that name missing modules are not sent:
// they get the kernel's refusal without it.
//
// Threading: one thread at a time; any thread.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <span>
#include <vector>

#include "ipvs/module_probe.h"
#include "ipvs/transport.h"

namespace ipvs {

class ServiceModules {
 public:
  /// Begins a job: modules that were missing are probed again.
  void begin();

  /// Executes commands, in order, through `transport`.
  /// @returns the failures, by index
  std::vector<netlink::Failure> run(Transport& transport, std::span<const Command> commands,
                                    const Transport::OnReply& on_reply);

 private:
  /// The names of a scheduler and an engine.
  struct Names {
    Name<16> scheduler;
    Name<20> engine;
  };
  using NameSet = std::set<Names, ByteOrder>;

  static std::optional<Names> names_of(const Command& command);
  bool are_present(const Command& command) const;
  void learn(std::span<const Command> commands, const std::vector<netlink::Failure>& failures,
             NameSet& refused);

  // For this job only, unless they are present.
  std::map<Names, ProbeResult, ByteOrder> known_;
};

}  // namespace ipvs
