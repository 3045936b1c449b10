// Where the fields of the records lie: the one source of the layout that lib/native/records.ts reads and
// writes by.
#pragma once

#include <napi.h>

namespace binding {

/// An object with, for each record, its `size` in bytes and its `fields` ({ name: { offset, size }
/// }), and for each enumeration (`operations`, `statuses`, `changes`) its names and numbers.
Napi::Object make_layout(Napi::Env env);

}  // namespace binding
