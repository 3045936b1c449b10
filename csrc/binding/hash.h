// A hash of names and numbers: FNV-1a, of 32 bits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace binding {

class Hash {
 public:
  constexpr void add(std::string_view name) {
    for (const char c : name) add_byte(static_cast<uint8_t>(c));
    add_byte(0);
  }

  constexpr void add(size_t number) {
    for (size_t i = 0; i < sizeof(uint32_t); i++) add_byte(static_cast<uint8_t>(number >> (i * 8)));
  }

  constexpr uint32_t value() const { return value_; }

 private:
  constexpr void add_byte(uint8_t byte) { value_ = (value_ ^ byte) * 16777619U; }

  uint32_t value_ = 2166136261U;
};

}  // namespace binding
