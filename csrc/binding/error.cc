#include "binding/error.h"

namespace binding {

Napi::Error make_error(Napi::Env env, const os::Error& error) {
  Napi::Error made = Napi::Error::New(env, error.what());
  made.Set("errno", Napi::Number::New(env, error.error()));
  made.Set("syscall", Napi::String::New(env, error.syscall()));
  made.Set("text", Napi::String::New(env, error.text()));
  return made;
}

}  // namespace binding
