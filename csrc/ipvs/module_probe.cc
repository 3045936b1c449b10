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

constexpr std::string_view kAbsentEngine = "no-such-engine";

bool is_available(const char* prefix, std::string_view name) {
  return name.empty() || name == "none" ||
         module_loader::is_loaded(std::string(prefix).append(name));
}

bool has_scheduler(const Service& service) {
  return is_available("ip_vs_", service.scheduler.view());
}

// Requests a service that cannot exist. Returns the errno.
int refusal_of(netlink::Socket& socket, const netlink::Family& family, const Service& service) {
  netlink::MessageBatch batch;
  family.begin(batch, IPVS_CMD_NEW_SERVICE, 0, netlink::ReplyKind::kErrorOnly);
  put_service(batch, service, Fields::kFull);
  batch.end();
  const auto failures = socket.run(batch, [](size_t, const netlink::Messages&) {});
  return failures.empty() ? 0 : failures[0].error;
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
  return !has_scheduler(service) || !is_available("ip_vs_pe_", service.engine.view());
}

ProbeResult request_modules(netlink::Socket& socket, const Service& wanted) {
  const netlink::Family family(socket, IPVS_GENL_NAME, IPVS_GENL_VERSION);
  Service service{};
  // A key that no service has: for an existing service the kernel would not look for modules.
  service.key.protocol = UINT16_MAX;
  service.scheduler = wanted.scheduler;
  // The kernel looks for scheduler and engine first, and then refuses the prefix length of 0.
  // encodeSchedulerProbe() in lib/ipvs/encode-service.ts encodes the same probe of a scheduler.
  service.key.family = AF_INET6;
  service.engine = wanted.engine;
  const int error = refusal_of(socket, family, service);
  if (error == ENOENT) return ProbeResult::kAbsent;
  if (error == EINVAL) return ProbeResult::kPresent;
  if (error != EAFNOSUPPORT) return ProbeResult::kUnknown;

  // The kernel has no IPv6, and refuses nothing of an IPv4 service after looking for the modules.
  // So it must look for an engine that it cannot have, after the scheduler.
  service.key.family = AF_INET;
  service.engine.assign(kAbsentEngine);
  if (!has_scheduler(wanted)) refusal_of(socket, family, service);
  // The kernel's refusal does not say which is missing.
  return may_load_modules(wanted) ? ProbeResult::kUnknown : ProbeResult::kPresent;
}

ProbeResult probe_modules(const std::shared_ptr<const os::Namespace>& netns,
                          module_loader::Scope scope, const Service& service) {
  if (!module_loader::wait_for_loads(scope)) return ProbeResult::kLate;
  const auto result = std::make_shared<std::atomic<ProbeResult>>(ProbeResult::kUnknown);
  bool ended = false;
  try {
    ended = module_loader::run(scope, [netns, service, result] {
      try {
        auto socket = netlink::Socket::open(NETLINK_GENERIC, *netns);
        *result = request_modules(socket, service);
      } catch (const std::exception&) {
        // The result stays unknown.
      }
    });
  } catch (const os::Error&) {
    // No thread or descriptor is left for the probe. The service itself needs neither.
    return ProbeResult::kUnknown;
  }
  return ended ? result->load() : ProbeResult::kLate;
}

}  // namespace ipvs
