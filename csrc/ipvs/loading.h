// Modules that the kernel loads on demand, and how long they are waited for.
//
// The kernel runs modprobe within the request that needs a module, and lets nobody interrupt it but
// by ending the process. Meanwhile it answers nobody else: Linux 6 no user of generic netlink,
// Linux 7 none of IPVS in that network namespace. So what may load a module runs on a thread of its
// own, which is left to itself when the time is over; and until it ends, requests that would have
// to wait for it are not sent.
//
// Threading: any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

#include "netlink/socket.h"

namespace ipvs::loading {

/// Whom a load holds up: the users of IPVS in a network namespace, of all, or of none but those
/// that look for the family itself.
using Scope = uint64_t;
constexpr Scope kFamily = UINT64_MAX;
/// That of requests on a netlink socket.
Scope scope_of(int descriptor);

/// Waits for the loads of a scope that are under way, each until its deadline. False: one of them
/// is not over.
bool settled(Scope scope);

/// Runs `work`, which must not throw and must own what it uses, on a thread of its own and waits
/// for it. False: the deadline is over, and it is still running.
/// @throws os::Error "pthread_create", "eventfd"
bool run(Scope scope, std::function<void()> work,
         std::chrono::milliseconds deadline = netlink::Socket::kDeadline);

/// Whether a module is loaded, or built in with parameters; others that are built in cannot be
/// seen.
bool is_loaded(std::string module);

}  // namespace ipvs::loading
