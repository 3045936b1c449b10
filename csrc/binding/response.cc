#include "binding/response.h"

#include <vector>

#include "binding/records.h"

namespace binding {

namespace {

template <typename Record>
void set(Napi::Object object, const char* name, std::vector<Record>& records) {
  if (!records.empty()) object.Set(name, to_array_buffer(object.Env(), records));
}

template <typename Response>
void set_results(Napi::Object object, Response& response) {
  set(object, "results", response.results);
  const auto& texts = response.texts;
  if (!texts.empty()) object.Set("texts", to_strings(object.Env(), texts));
}

}  // namespace

// A plain response has no lists, and needs no object.

Napi::Value to_js(Napi::Env env, ipvs::Response& response, Elapsed elapsed,
                  const Napi::Value& memory) {
  const bool is_plain = response.is_plain();
  if (is_plain && !elapsed) return env.Undefined();
  Napi::Object object = Napi::Object::New(env);
  if (elapsed) object.Set("elapsed", elapsed->count());
  if (is_plain) return object;
  set_results(object, response);
  set(object, "services", response.services);
  if (copy_into(memory, response.destinations)) {
    object.Set("destinations", memory);
  } else {
    set(object, "destinations", response.destinations);
  }
  set(object, "daemons", response.daemons);
  return object;
}

Napi::Value to_js(Napi::Env env, rtnl::Response& response) {
  if (response.is_plain()) return env.Undefined();
  Napi::Object object = Napi::Object::New(env);
  set_results(object, response);
  set(object, "links", response.links);
  set(object, "addresses", response.addresses);
  set(object, "changes", response.changes);
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
