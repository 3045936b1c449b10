// Thousands of addresses, from texts to records.
#pragma once

#include <napi.h>

namespace binding {

/// packAddresses(texts: readonly unknown[], from: number, family: number, records: Uint8Array): number.
/// Writes what `texts` hold from `from` on to AddressSettings, up to the first that is not plain text
/// of an address, or not of `family` where that is not 0. Returns how many there were before it.
Napi::Value pack_addresses(const Napi::CallbackInfo& info);

/// contradictionOf(records: Uint8Array): [number, number] | undefined. The places of two
/// AddressSettings that are one address to the kernel, and want it differently.
Napi::Value contradiction_of(const Napi::CallbackInfo& info);

}  // namespace binding
