// The module: { Handle, Plan, Cursor, Watcher, Namespace, encodeAddresses, findContradiction,
// keepAddresses, interfaceHash }.
//
// It keeps no state outside the environment that loads it, so that workers, and several copies of
// the addon in one process, do not disturb each other.
#include <napi.h>

#include "binding/addresses.h"
#include "binding/cursor.h"
#include "binding/exports.h"
#include "binding/handle.h"
#include "binding/namespace.h"
#include "binding/plan.h"
#include "binding/watcher.h"

namespace {

Napi::Object initialize(Napi::Env /*env*/, Napi::Object object) {
  binding::Exports exports(object);
  exports.add_class<binding::Handle>("Handle");
  exports.add_class<binding::Plan>("Plan");
  exports.add_class<binding::Cursor>("Cursor");
  exports.add_class<binding::Watcher>("Watcher");
  exports.add_class<binding::Namespace>("Namespace");
  exports.add_function<binding::encode_addresses>("encodeAddresses");
  exports.add_function<binding::find_contradiction>("findContradiction");
  exports.add_function<binding::keep_addresses>("keepAddresses");
  exports.finish();
  return object;
}

}  // namespace

NODE_API_MODULE(ipvs, initialize)
