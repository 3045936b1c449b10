#include "binding/results.h"

#include <utility>

#include "binding/buffer.h"

namespace binding {

Napi::Value to_js(Napi::Env env, Timed<ipvs::Results> answer) {
  ipvs::Results& results = answer.results;
  Napi::Object object = Napi::Object::New(env);
  object.Set("outcomes", to_buffer(env, std::move(results.outcomes)));
  object.Set("services", to_buffer(env, std::move(results.services)));
  object.Set("destinations", to_buffer(env, std::move(results.destinations)));
  object.Set("daemons", to_buffer(env, std::move(results.daemons)));
  object.Set("texts", to_texts(env, results.texts));
  object.Set("elapsed", answer.elapsed.count());
  return object;
}

Napi::Value to_js(Napi::Env env, Timed<rtnl::Results> answer) {
  rtnl::Results& results = answer.results;
  Napi::Object object = Napi::Object::New(env);
  object.Set("outcomes", to_buffer(env, std::move(results.outcomes)));
  object.Set("links", to_buffer(env, std::move(results.links)));
  object.Set("addresses", to_buffer(env, std::move(results.addresses)));
  object.Set("texts", to_texts(env, results.texts));
  object.Set("elapsed", answer.elapsed.count());
  return object;
}

Napi::Value to_js(Napi::Env env, rtnl::Events events) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("events", to_buffer(env, std::move(events.events)));
  object.Set("links", to_buffer(env, std::move(events.links)));
  object.Set("addresses", to_buffer(env, std::move(events.addresses)));
  object.Set("more", events.more);
  return object;
}

}  // namespace binding
