// The one place where native errors become JavaScript's.
#pragma once

#include <napi.h>

#include "netlink/error.h"

namespace binding {

/// An Error with `errno` (positive), `syscall` and `text` (the kernel's words or ours, or empty).
/// lib/core/errors.ts makes an IpvsError of it.
Napi::Error make_error(Napi::Env env, const netlink::Error& error);

}  // namespace binding
