// What the targets of the fuzzer share. Each is one file with one property or more, which it checks
// of any input; AddressSanitizer and UndefinedBehaviorSanitizer watch besides. An input lies in
// memory of just its size.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>

#include "netlink/message.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace fuzz {

/// Stops the fuzzer, which then shows the input, where a property does not hold.
inline void expect(bool holds, const char* property) {
  if (holds) return;
  (void)std::fprintf(stderr, "it does not hold: %s\n", property);
  std::abort();
}

inline netlink::Bytes bytes_of(const uint8_t* data, size_t size) {
  return std::as_bytes(std::span(data, size));
}

}  // namespace fuzz
