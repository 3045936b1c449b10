// The conversion of results to JavaScript objects: ArrayBuffers of records, and strings.
//
// Threading: the thread of the environment.
// Ownership: the memory of large vectors passes to the ArrayBuffers and leaves the vectors empty;
//   small vectors are copied and keep their memory.
#pragma once

#include <napi.h>

#include <chrono>
#include <optional>

#include "ipvs/request.h"
#include "rtnl/monitor.h"
#include "rtnl/request.h"

namespace binding {

/// The CPU time that a client took for a response, in milliseconds; nothing if nobody asks.
using Elapsed = std::optional<std::chrono::duration<double, std::milli>>;

/// { elapsed?: number, results?, services?, destinations?, daemons?: ArrayBuffer,
///   texts?: string[] }, or undefined instead of an empty object
///
/// Without `results` every request succeeded; any other list that is missing is empty.
/// @param memory  an ArrayBuffer or undefined. If the destinations fit, they are copied to its
///   beginning and `destinations` is this ArrayBuffer.
Napi::Value to_js(Napi::Env env, ipvs::Response& response, Elapsed elapsed,
                  const Napi::Value& memory);
/// { results?, links?, addresses?, changes?: ArrayBuffer, texts?: string[] }, or undefined
///
/// Lists are missing as above.
Napi::Value to_js(Napi::Env env, rtnl::Response& response);
/// { events, links, addresses: ArrayBuffer, more: boolean }
Napi::Value to_js(Napi::Env env, rtnl::Events events);

}  // namespace binding
