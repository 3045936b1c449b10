// Tables that describe records and constants to JavaScript. Each layout_*.cc has those of one
// subject.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace binding {

struct Field {
  const char* name;
  size_t offset;
  size_t size;
};

struct Record {
  const char* name;
  size_t size;
  std::span<const Field> fields;
};

struct Number {
  const char* name;
  uint32_t value;
};

struct Enumeration {
  const char* name;
  std::span<const Number> numbers;
};

struct LayoutTables {
  std::span<const Record> records;
  std::span<const Enumeration> enumerations;
};

/// A row of a table of fields. A macro, because offsetof() takes the name of a member.
#define FIELD(record, name, member) \
  { name, offsetof(record, member), sizeof(static_cast<record*>(nullptr)->member) }

template <typename Value>
constexpr Number number(const char* name, Value value) {
  return {name, static_cast<uint32_t>(value)};
}

LayoutTables ipvs_layout();
LayoutTables connections_layout();
LayoutTables links_layout();

}  // namespace binding
