// Opening descriptors in another network namespace.
#pragma once

#include <functional>
#include <string>

#include "netlink/descriptor.h"

namespace netlink {

/// Calls `open` inside the network namespace at `path` (/run/netns/NAME, /proc/PID/ns/net) and
/// returns its result.
///
/// Threading: callable from any thread; blocks until done. `open` runs on a short-lived thread of
/// our own that
///   enters the namespace and ends, so no thread of the caller's, nor of the libuv pool, is ever
///   elsewhere.
/// @throws Error ENOENT, EACCES ("open"): the path cannot be opened; EINVAL ("setns"): it is no
/// network
///   namespace; EPERM ("setns"): CAP_SYS_ADMIN is missing; EAGAIN ("pthread_create"); and whatever
///   `open` throws
Descriptor open_in_namespace(const std::string& path, const std::function<Descriptor()>& open);

}  // namespace netlink
