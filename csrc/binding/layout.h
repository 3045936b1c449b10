// The layout of the records that cross to JavaScript, and the numbers in them: the only source of
// both, so that lib/ repeats none of them.
//
// Threading: the thread of the environment.
#pragma once

#include <napi.h>

namespace binding {

/// Returns an object with a property for each record, { size, fields: { [name]: { offset, size } } }
/// in bytes, and one for each enumeration, { [name]: number }.
Napi::Object make_layout(Napi::Env env);

}  // namespace binding
