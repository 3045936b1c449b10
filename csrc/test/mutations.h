// Random mutations of messages.
#pragma once

#include "test/random.h"
#include "test/wire.h"

namespace test {

/// How many mutated messages a test reads. ThreadSanitizer is slow and has nothing to find there.
constexpr int kMutations = kThreadSanitizer ? 10'000 : 200'000;

/// Changes up to six bytes, bits or lengths, and sometimes the size.
inline void mutate(wire::Buffer& bytes, Random& random) {
  for (size_t count = random.between(1, 6); count > 0 && !bytes.empty(); --count) {
    const size_t at = random.below(bytes.size());
    const auto place = bytes.begin() + static_cast<ptrdiff_t>(at);
    switch (random.below(6)) {
      case 0:
        bytes[at] = random.bytes(1)[0];
        break;
      case 1:
        bytes[at] ^= std::byte{1} << random.below(8);
        break;
      case 2:
        bytes[at / 4 * 4] = static_cast<std::byte>(random.below(24));  // where lengths are
        break;
      case 3:
        bytes.resize(at);
        break;
      case 4:
        bytes.erase(place);
        break;
      default:
        bytes.insert(place, random.bytes(1)[0]);
        break;
    }
  }
}

}  // namespace test
