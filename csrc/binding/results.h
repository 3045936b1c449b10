// Results of a batch, as JavaScript gets them: buffers of records, and the texts.
#pragma once

#include <napi.h>

#include "ipvs/request.h"
#include "rtnl/monitor.h"
#include "rtnl/request.h"

namespace binding {

/// { outcomes, services, destinations, daemons: ArrayBuffer, texts: string[] }. Large buffers
/// change hands without a copy.
Napi::Value to_js(Napi::Env env, ipvs::Results results);
/// { outcomes, links, addresses: ArrayBuffer, texts: string[] }
Napi::Value to_js(Napi::Env env, rtnl::Results results);
/// { events, links, addresses: ArrayBuffer, more: boolean }
Napi::Value to_js(Napi::Env env, rtnl::Events events);

}  // namespace binding
