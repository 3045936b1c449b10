// Results of a batch, as JavaScript gets them: buffers of records, and the texts.
#pragma once

#include <napi.h>

#include <chrono>

#include "ipvs/request.h"
#include "rtnl/monitor.h"
#include "rtnl/request.h"

namespace binding {

/// Results, and how long they took; 0 where nobody asks.
template <typename Results>
struct Timed {
  Results results;
  std::chrono::duration<double, std::milli> elapsed;
};

/// { elapsed: number, outcomes?, services?, destinations?, daemons?: ArrayBuffer, texts?: string[] }.
/// Without outcomes all is done; any other list that is not there is empty. Large vectors change
/// hands without a copy, and are empty afterwards; but destinations that there is room for in
/// `memory`, an ArrayBuffer or undefined, are copied to its beginning, and it is returned.
Napi::Value to_js(Napi::Env env, Timed<ipvs::Results>& answer, const Napi::Value& memory);
/// { elapsed: number, outcomes?, links?, addresses?: ArrayBuffer, texts?: string[] }, likewise.
Napi::Value to_js(Napi::Env env, Timed<rtnl::Results>& answer);
/// { events, links, addresses: ArrayBuffer, more: boolean }
Napi::Value to_js(Napi::Env env, rtnl::Events events);

}  // namespace binding
