// Requests that make the kernel load modules of IPVS, on a thread of their own.
//
// Threading: any thread.
#pragma once

#include <memory>

#include "ipvs/module_loader.h"
#include "ipvs/types.h"
#include "netlink/socket.h"
#include "os/namespace.h"

namespace ipvs {

/// The result of a probe of modules.
enum class ProbeResult {
  kPresent,
  kAbsent,
  kLate,  ///< the kernel was still loading them at the deadline
  kUnknown,
};

/// Makes the kernel load ip_vs, unless it is loaded.
/// @throws os::Error ETIMEDOUT ("CTRL_CMD_GETFAMILY"): the kernel is still loading it; those of
///   module_loader::run()
void load_family();

/// True if the kernel may have to load modules for the scheduler or the engine of a service.
bool may_load_modules(const Service& service);

/// Makes the kernel load the modules of a service, and creates nothing. Where the kernel has no
/// IPv6 for IPVS, it loads the scheduler only. Waits as long as that takes.
/// @throws the errors of netlink::Family
ProbeResult request_modules(netlink::Socket& socket, const Service& wanted);

/// The same on a thread and a socket of its own, until the deadline.
/// @param scope of the requests that would have to wait
ProbeResult probe_modules(const std::shared_ptr<const os::Namespace>& netns,
                          module_loader::Scope scope, const Service& service);

}  // namespace ipvs
