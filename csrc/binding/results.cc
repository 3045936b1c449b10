#include "binding/results.h"

#include <vector>

#include "binding/buffer.h"

namespace binding {

namespace {

template <typename Record>
void set(Napi::Object object, const char* name, std::vector<Record>& records) {
  if (!records.empty()) object.Set(name, to_buffer(object.Env(), records));
}

// What most answers are is what costs least: buffers, texts and outcomes are there where they say
// something.
template <typename Results>
Napi::Object to_object(Napi::Env env, Timed<Results>& answer) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("elapsed", answer.elapsed.count());
  if (!answer.results.texts.empty()) object.Set("texts", to_texts(env, answer.results.texts));
  if (!answer.results.is_plain()) set(object, "outcomes", answer.results.outcomes);
  return object;
}

}  // namespace

Napi::Value to_js(Napi::Env env, Timed<ipvs::Results>& answer, const Napi::Value& memory) {
  Napi::Object object = to_object(env, answer);
  set(object, "services", answer.results.services);
  if (copy_into(memory, answer.results.destinations)) {
    object.Set("destinations", memory);
  } else {
    set(object, "destinations", answer.results.destinations);
  }
  set(object, "daemons", answer.results.daemons);
  return object;
}

Napi::Value to_js(Napi::Env env, Timed<rtnl::Results>& answer) {
  const Napi::Object object = to_object(env, answer);
  set(object, "links", answer.results.links);
  set(object, "addresses", answer.results.addresses);
  set(object, "changes", answer.results.changes);
  return object;
}

Napi::Value to_js(Napi::Env env, rtnl::Events events) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("events", to_buffer(env, events.events));
  object.Set("links", to_buffer(env, events.links));
  object.Set("addresses", to_buffer(env, events.addresses));
  object.Set("more", events.more);
  return object;
}

}  // namespace binding
