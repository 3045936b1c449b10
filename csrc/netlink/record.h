// Types of the fields of records. Records are plain structs of fixed size, which JavaScript reads
// as they lie in memory, and which are compared as bytes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>

namespace netlink {

/// An IP address in network byte order. IPv4 is in the first four bytes; the others are zero.
using Address = std::array<uint8_t, 16>;

/// A NUL-terminated name of at most Size - 1 bytes.
template <size_t Size>
struct Name {
  std::array<char, Size> bytes;

  std::string_view view() const {
    const std::string_view all(bytes.data(), bytes.size() - 1);
    return all.substr(0, all.find('\0'));
  }
  /// Assigns `text`, truncated to what fits.
  void assign(std::string_view text) {
    bytes.fill('\0');
    text.substr(0, Size - 1).copy(bytes.data(), Size - 1);
  }
};

/// True if two objects have the same bytes.
template <typename Object>
bool same(const Object& a, const Object& b) {
  static_assert(std::has_unique_object_representations_v<Object>);
  return std::memcmp(&a, &b, sizeof a) == 0;
}

/// Orders keys by their bytes, for maps and sets.
struct ByteOrder {
  template <typename Key>
  bool operator()(const Key& a, const Key& b) const {
    static_assert(std::has_unique_object_representations_v<Key>);
    return std::memcmp(&a, &b, sizeof a) < 0;
  }
};

}  // namespace netlink
