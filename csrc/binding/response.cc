#include "binding/response.h"

#include <vector>

#include "binding/records.h"

namespace binding {

namespace {

template <typename Record>
void set(Napi::Object object, const char* name, std::vector<Record>& records) {
  if (!records.empty()) object.Set(name, to_array_buffer(object.Env(), records));
}

// Sets only properties that say something, so that the most frequent results cost least.
template <typename Response>
Napi::Object to_object(Napi::Env env, Timed<Response>& timed) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("elapsed", timed.elapsed.count());
  if (!timed.response.texts.empty()) object.Set("texts", to_strings(env, timed.response.texts));
  if (!timed.response.is_plain()) set(object, "results", timed.response.results);
  return object;
}

}  // namespace

Napi::Value to_js(Napi::Env env, Timed<ipvs::Response>& timed, const Napi::Value& memory) {
  Napi::Object object = to_object(env, timed);
  set(object, "services", timed.response.services);
  if (copy_into(memory, timed.response.destinations)) {
    object.Set("destinations", memory);
  } else {
    set(object, "destinations", timed.response.destinations);
  }
  set(object, "daemons", timed.response.daemons);
  return object;
}

Napi::Value to_js(Napi::Env env, Timed<rtnl::Response>& timed) {
  const Napi::Object object = to_object(env, timed);
  set(object, "links", timed.response.links);
  set(object, "addresses", timed.response.addresses);
  set(object, "changes", timed.response.changes);
  return object;
}

Napi::Value to_js(Napi::Env env, rtnl::Events events) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("events", to_array_buffer(env, events.events));
  object.Set("links", to_array_buffer(env, events.links));
  object.Set("addresses", to_array_buffer(env, events.addresses));
  object.Set("more", events.more);
  return object;
}

}  // namespace binding
