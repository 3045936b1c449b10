// The conversion of native errors to JavaScript errors, in one place.
//
// Threading: the thread of the environment.
#pragma once

#include <napi.h>

#include "os/error.h"

namespace binding {

/// Makes an Error with `errno` (positive), `syscall` and `text`: the words of the kernel or of this
/// library, or an empty string. JavaScript makes an IpvsError of it.
Napi::Error make_error(Napi::Env env, const os::Error& error);

/// Returns the value of `action`, and throws its native errors as JavaScript errors.
template <typename Action>
auto run_now(Napi::Env env, Action action) {
  try {
    return action();
  } catch (const os::Error& error) {
    throw make_error(env, error);
  }
}

}  // namespace binding
