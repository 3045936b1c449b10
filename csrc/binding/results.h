// Results of a batch, as JavaScript gets them: buffers of records, and the texts.
#pragma once

#include <napi.h>

#include <chrono>

#include "ipvs/request.h"
#include "rtnl/monitor.h"
#include "rtnl/request.h"

namespace binding {

/// Results, and how long they took.
template <typename Results>
struct Timed {
  Results results;
  std::chrono::duration<double, std::milli> elapsed;
};

/// { outcomes, services, destinations, daemons: ArrayBuffer, texts: string[], elapsed: number }.
/// Large buffers change hands without a copy.
Napi::Value to_js(Napi::Env env, Timed<ipvs::Results> answer);
/// { outcomes, links, addresses: ArrayBuffer, texts: string[], elapsed: number }
Napi::Value to_js(Napi::Env env, Timed<rtnl::Results> answer);
/// { events, links, addresses: ArrayBuffer, more: boolean }
Napi::Value to_js(Napi::Env env, rtnl::Events events);

}  // namespace binding
