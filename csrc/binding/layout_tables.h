// Tables that describe records and constants: the only source of lib/native/layout.ts, which
// scripts/layout writes. Each layout_*.cc has those of one subject.
//
// The addon has only the hashes of the tables, which the compiler computes. The linker drops the
// tables themselves from it: nothing but csrc/layout refers to them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "binding/hash.h"

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

/// Returns a hash of all names and numbers of the tables.
consteval uint32_t hash_of(const LayoutTables& tables) {
  Hash hash;
  for (const Record& record : tables.records) {
    hash.add(record.name);
    hash.add(record.size);
    for (const Field& each : record.fields) {
      hash.add(each.name);
      hash.add(each.offset);
      hash.add(each.size);
    }
  }
  for (const Enumeration& enumeration : tables.enumerations) {
    hash.add(enumeration.name);
    for (const Number& each : enumeration.numbers) {
      hash.add(each.name);
      hash.add(size_t{each.value});
    }
  }
  return hash.value();
}

LayoutTables ipvs_layout();
LayoutTables connections_layout();
LayoutTables links_layout();

uint32_t ipvs_layout_hash();
uint32_t connections_layout_hash();
uint32_t links_layout_hash();

}  // namespace binding
