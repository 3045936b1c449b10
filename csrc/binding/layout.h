// The layout of the records that cross to JavaScript, and the numbers in them: the only source of
// lib/native/layout.ts, which scripts/layout writes.
//
// Threading: the thread of the environment.
#pragma once

#include <napi.h>

#include <cstdint>

namespace binding {

/// Returns an object with a property for each record, { size, fields: { [name]: { offset, size } } }
/// in bytes, and one for each enumeration, { [name]: number }.
Napi::Value describe_layout(const Napi::CallbackInfo& info);

/// A hash of all that describe_layout() returns: JavaScript refuses an addon of another layout.
uint32_t layout_hash();

}  // namespace binding
