// Functions on lists of addresses, which may be thousands.
//
// Threading: the thread of the environment.
#pragma once

#include <napi.h>

namespace binding {

/// encodeAddresses(texts: readonly unknown[], from: number, family: number, records: Uint8Array):
///   number
///
/// Parses `texts` from index `from` on, and writes an AddressSettings for each to `records`. Stops
/// at the end of `records`, at a value that is not the plain text of an address, and at an address
/// of another family than `family` (0: any). Returns the number of addresses written.
Napi::Value encode_addresses(const Napi::CallbackInfo& info);

/// findContradiction(records: Uint8Array): [number, number] | undefined
///
/// Returns the indexes of two AddressSettings that the kernel takes for one address, but whose
/// settings differ.
///
/// Errors: TypeError and RangeError of records_of().
Napi::Value find_contradiction(const Napi::CallbackInfo& info);

/// keepAddresses(records: Uint8Array): ArrayBuffer
///
/// Returns the changes of a plan without the deletions that are marked as not to be made.
///
/// Errors: TypeError and RangeError of records_of().
Napi::Value keep_addresses(const Napi::CallbackInfo& info);

}  // namespace binding
