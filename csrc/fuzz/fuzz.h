// Helpers of the fuzz targets. Each target is a file that checks properties of any input, with
// AddressSanitizer and UndefinedBehaviorSanitizer. An input ends where its memory does.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>

#include "netlink/message.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace fuzz {

/// Stops the fuzzer, which then prints the input, unless the property holds.
inline void expect(bool holds, const char* property) {
  if (holds) return;
  (void)std::fprintf(stderr, "does not hold: %s\n", property);
  std::abort();
}

inline netlink::Bytes bytes_of(const uint8_t* data, size_t size) {
  return std::as_bytes(std::span(data, size));
}

}  // namespace fuzz
