// Waiting for modules that the kernel loads on demand.
//
// The kernel runs modprobe inside the request that needs a module, and only the end of the process
// interrupts it. Meanwhile it replies to nobody else: Linux 6 to no user of generic netlink, Linux
// 7 to no user of IPVS in that network namespace. So a request that may load a module runs on a
// thread of its own. After the deadline the thread is left alone. Until it ends, requests that
// would have to wait for it are not sent.
//
// Threading: any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

#include "netlink/socket.h"

namespace ipvs::module_loader {

/// The requests that have to wait for a load: those of IPVS in a network namespace, all of them, or
/// only those that look for the family itself.
using Scope = uint64_t;
constexpr Scope kFamily = UINT64_MAX;
/// The scope of requests on a netlink socket.
Scope scope_of(int descriptor);

/// Waits for the running loads of a scope, each until its deadline.
/// @returns false if one of them is still running
bool wait_for_loads(Scope scope);

/// Runs `work` on a thread of its own and waits for it. `work` must not throw, and must own what it
/// uses.
/// @returns false if it is still running at the deadline
/// @throws os::Error of "pthread_create", "eventfd"
bool run(Scope scope, std::function<void()> work,
         std::chrono::milliseconds deadline = netlink::Socket::kDeadline);

/// True if a module is loaded, or built in with parameters. Other modules that are built in are
/// invisible.
bool is_loaded(std::string module);

}  // namespace ipvs::module_loader
