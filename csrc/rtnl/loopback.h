// The loopback link of a network namespace.
//
// Threading: any thread.
#pragma once

#include "os/namespace.h"

namespace rtnl {

/// Brings up the loopback link. The kernel then gives it its addresses, 127.0.0.1/8 and ::1/128.
/// @throws os::Error EPERM ("RTM_SETLINK"): no CAP_NET_ADMIN in the user namespace that owns the
///   network namespace; other errnos of the exchange ("RTM_SETLINK"); those of opening Transport
void bring_up_loopback(const os::Namespace& netns);

}  // namespace rtnl
