#include "ipvs/module_probe.h"

#include <linux/ip_vs.h>
#include <netinet/in.h>

#include <atomic>
#include <cerrno>
#include <exception>
#include <string>
#include <string_view>

#include "ipvs/codec.h"
#include "netlink/generic.h"
#include "netlink/socket.h"
#include "os/error.h"

namespace ipvs {
namespace {

// Requests a service that cannot exist, with the scheduler and the engine of another. The kernel
// looks for these first, and then refuses the prefix length of 0. Returns the errno.
// encodeSchedulerProbe() in lib/ipvs/encode-service.ts encodes the same probe of a scheduler.
int request_modules(const os::Namespace& netns, const Service& wanted) {
  auto socket = netlink::Socket::open(NETLINK_GENERIC, netns);
  const netlink::Family family(socket, IPVS_GENL_NAME, IPVS_GENL_VERSION);
  Service service{};
  // A key that no service has: for an existing service the kernel would not look for modules.
  service.key.family = AF_INET6;
  service.key.protocol = UINT16_MAX;
  service.scheduler = wanted.scheduler;
  service.engine = wanted.engine;
  netlink::MessageBatch batch;
  family.begin(batch, IPVS_CMD_NEW_SERVICE, 0, netlink::ReplyKind::kErrorOnly);
  put_service(batch, service, Fields::kFull);
  batch.end();
  const auto failures = socket.run(batch, [](size_t, const netlink::Messages&) {});
  return failures.empty() ? 0 : failures[0].error;
}

bool is_available(const char* prefix, std::string_view name) {
  return name.empty() || name == "none" ||
         module_loader::is_loaded(std::string(prefix).append(name));
}

}  // namespace

void load_family() {
  if (module_loader::is_loaded("ip_vs")) return;
  const bool ended = module_loader::wait_for_loads(module_loader::kFamily) &&
                     module_loader::run(module_loader::kFamily, [] {
                       try {
                         // The kernel loads the module in the request that looks for the family.
                         auto socket = netlink::Socket::open(NETLINK_GENERIC, {});
                         netlink::Family(socket, IPVS_GENL_NAME, IPVS_GENL_VERSION);
                       } catch (const std::exception&) {
                         // The caller looks for the family next, and gets the error.
                       }
                     });
  if (!ended) throw os::Error(ETIMEDOUT, "CTRL_CMD_GETFAMILY", "modprobe has not ended");
}

bool may_load_modules(const Service& service) {
  return !is_available("ip_vs_", service.scheduler.view()) ||
         !is_available("ip_vs_pe_", service.engine.view());
}

ProbeResult probe_modules(const std::shared_ptr<const os::Namespace>& netns,
                          module_loader::Scope scope, const Service& service) {
  if (!module_loader::wait_for_loads(scope)) return ProbeResult::kLate;
  const auto error = std::make_shared<std::atomic<int>>(0);
  bool ended = false;
  try {
    ended = module_loader::run(scope, [netns, service, error] {
      try {
        *error = request_modules(*netns, service);
      } catch (const std::exception&) {
        *error = 0;
      }
    });
  } catch (const os::Error&) {
    // No thread or descriptor is left for the probe. The service itself needs neither.
    return ProbeResult::kUnknown;
  }
  if (!ended) return ProbeResult::kLate;
  if (*error == ENOENT) return ProbeResult::kAbsent;
  return *error == EINVAL ? ProbeResult::kPresent : ProbeResult::kUnknown;
}

}  // namespace ipvs
