// The conversion of results to JavaScript objects: ArrayBuffers of records, and strings.
//
// Threading: the thread of the environment.
// Ownership: the memory of large vectors passes to the ArrayBuffers and leaves the vectors empty;
//   small vectors are copied and keep their memory.
#pragma once

#include <napi.h>

#include <chrono>

#include "ipvs/request.h"
#include "rtnl/monitor.h"
#include "rtnl/request.h"

namespace binding {

/// Results and the CPU time that the client took for them, or 0 if nobody asks.
template <typename Response>
struct Timed {
  Response response;
  std::chrono::duration<double, std::milli> elapsed;
};

/// { elapsed: number, results?, services?, destinations?, daemons?: ArrayBuffer,
///   texts?: string[] }
///
/// Without `results` every request succeeded; any other list that is missing is empty.
/// @param memory  an ArrayBuffer or undefined. If the destinations fit, they are copied to its
///   beginning and `destinations` is this ArrayBuffer.
Napi::Value to_js(Napi::Env env, Timed<ipvs::Response>& timed, const Napi::Value& memory);
/// { elapsed: number, results?, links?, addresses?, changes?: ArrayBuffer, texts?: string[] }
///
/// Lists are missing as above.
Napi::Value to_js(Napi::Env env, Timed<rtnl::Response>& timed);
/// { events, links, addresses: ArrayBuffer, more: boolean }
Napi::Value to_js(Napi::Env env, rtnl::Events events);

}  // namespace binding
