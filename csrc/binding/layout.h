// The layout of the records that cross to JavaScript, and the numbers in them: the only source of
// lib/native/layout.ts, which scripts/layout writes.
//
// Threading: the thread of the environment.
#pragma once

#include <napi.h>

#include <cstdint>

namespace binding {

/// describeLayout(): { [record]: { size, fields: { [field]: { offset, size } } },
///   [enumeration]: { [name]: number } }
///
/// Sizes and offsets are in bytes.
Napi::Value describe_layout(const Napi::CallbackInfo& info);

/// Returns a hash of what describe_layout() returns. JavaScript refuses an addon of another layout.
uint32_t layout_hash();

}  // namespace binding
