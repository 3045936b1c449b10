// A hash table of indexes, for keys that lie elsewhere.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <vector>

namespace netlink {

/// Returns a hash of `key`, and of what `seed` is a hash of. Keys differ in few bits, all of which
/// must affect the low bits of the result. Multiplying spreads them upwards, so the high bits of
/// each product are folded down.
template <typename Key>
uint64_t hash_of(const Key& key, uint64_t seed = 0x9e3779b97f4a7c15) {
  static_assert(std::has_unique_object_representations_v<Key> && sizeof key % 4 == 0);
  for (const uint32_t word : std::bit_cast<std::array<uint32_t, sizeof(Key) / 4>>(key)) {
    seed = (seed ^ word) * 0xff51afd7ed558ccd;
    seed ^= seed >> 32;
  }
  return seed;
}

/// Open addressing: at least half of the slots stay empty.
class Slots {
 public:
  /// Makes slots for `count` indexes at least.
  explicit Slots(size_t count = 0) : slots_(std::bit_ceil(2 * count + 1)) {}

  size_t capacity() const { return slots_.size() / 2; }
  /// Returns the slot of a key: 1 + the index for which `has_key(index)` is true, or 0 if there is
  /// none yet.
  template <typename HasKey>
  uint32_t& find(uint64_t hash, HasKey has_key) {
    const size_t mask = slots_.size() - 1;
    for (size_t at = hash & mask;; at = (at + 1) & mask) {
      uint32_t& slot = slots_[at];
      if (slot == 0 || has_key(slot - 1)) return slot;
    }
  }

 private:
  std::vector<uint32_t> slots_;
};

}  // namespace netlink
