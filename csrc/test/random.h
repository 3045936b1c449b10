// Random values, the same in each run unless IPVS_TEST_SEED sets another seed.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace test {

#ifdef __SANITIZE_THREAD__
constexpr bool kThreadSanitizer = true;
#else
constexpr bool kThreadSanitizer = false;
#endif

class Random {
 public:
  static uint64_t seed() {
    const char* given = std::getenv("IPVS_TEST_SEED");
    return given != nullptr ? std::strtoull(given, nullptr, 10) : 20261120;
  }

  /// Returns a number in [0, limit).
  size_t below(size_t limit) { return limit == 0 ? 0 : engine_() % limit; }
  /// Returns a number in [first, last].
  size_t between(size_t first, size_t last) { return first + below(last - first + 1); }
  bool chance(int percent) { return below(100) < static_cast<size_t>(percent); }

  /// Returns any number; extreme ones are frequent.
  template <typename Number>
  requires std::integral<Number> Number number() {
    switch (below(8)) {
      case 0:
        return 0;
      case 1:
        return static_cast<Number>(~Number{0});
      case 2:
        return static_cast<Number>(below(4));
      case 3:
        return static_cast<Number>(Number{1} << (8 * sizeof(Number) - 1));
      default:
        return static_cast<Number>(engine_());
    }
  }

  std::vector<std::byte> bytes(size_t count) {
    std::vector<std::byte> result(count);
    for (auto& byte : result) byte = static_cast<std::byte>(engine_());
    return result;
  }

  /// Returns lower-case letters.
  std::string word(size_t length) {
    std::string result(length, 'a');
    for (char& letter : result) letter = static_cast<char>('a' + below(26));
    return result;
  }

  template <typename List>
  void shuffle(List& list) {
    for (size_t i = list.size(); i > 1; --i) std::swap(list[i - 1], list[below(i)]);
  }

 private:
  std::mt19937_64 engine_{seed()};
};

}  // namespace test
