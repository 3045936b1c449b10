// The module: { Handle, Plan, Cursor, Watcher, Namespace, encodeAddresses, findContradiction,
// keepAddresses, describeLayout, layoutHash }.
//
// It keeps no state outside the environment that loads it, so that workers, and several copies of
// the addon in one process, do not disturb each other.
#include <napi.h>

#include "binding/addresses.h"
#include "binding/cursor.h"
#include "binding/handle.h"
#include "binding/layout.h"
#include "binding/namespace.h"
#include "binding/plan.h"
#include "binding/watcher.h"

namespace {

Napi::Object initialize(Napi::Env env, Napi::Object exports) {
  exports.Set("Handle", binding::Handle::define(env));
  exports.Set("Plan", binding::Plan::define(env));
  exports.Set("Cursor", binding::Cursor::define(env));
  exports.Set("Watcher", binding::Watcher::define(env));
  exports.Set("Namespace", binding::Namespace::define(env));
  exports.Set("encodeAddresses",
              Napi::Function::New<binding::encode_addresses>(env, "encodeAddresses"));
  exports.Set("findContradiction",
              Napi::Function::New<binding::find_contradiction>(env, "findContradiction"));
  exports.Set("keepAddresses", Napi::Function::New<binding::keep_addresses>(env, "keepAddresses"));
  exports.Set("describeLayout",
              Napi::Function::New<binding::describe_layout>(env, "describeLayout"));
  exports.Set("layoutHash", binding::layout_hash());
  return exports;
}

}  // namespace

NODE_API_MODULE(ipvs, initialize)
