#include "binding/layout.h"

#include <array>
#include <string_view>

#include "binding/layout_tables.h"

namespace binding {
namespace {

std::array<LayoutTables, 3> all_tables() {
  return {ipvs_layout(), connections_layout(), links_layout()};
}

Napi::Object describe(Napi::Env env, const Record& record) {
  Napi::Object fields = Napi::Object::New(env);
  for (const Field& each : record.fields) {
    Napi::Object field = Napi::Object::New(env);
    field.Set("offset", static_cast<double>(each.offset));
    field.Set("size", static_cast<double>(each.size));
    fields.Set(each.name, field);
  }
  Napi::Object object = Napi::Object::New(env);
  object.Set("size", static_cast<double>(record.size));
  object.Set("fields", fields);
  return object;
}

Napi::Object describe(Napi::Env env, const Enumeration& enumeration) {
  Napi::Object numbers = Napi::Object::New(env);
  for (const Number& each : enumeration.numbers) numbers.Set(each.name, each.value);
  return numbers;
}

// FNV-1a.
class Hash {
 public:
  void add(std::string_view text) {
    for (const char c : text) add_byte(static_cast<uint8_t>(c));
    add_byte(0);
  }

  void add(size_t number) {
    for (size_t i = 0; i < sizeof(uint32_t); i++) add_byte(static_cast<uint8_t>(number >> (i * 8)));
  }

  void add(const Record& record) {
    add(std::string_view(record.name));
    add(record.size);
    for (const Field& each : record.fields) {
      add(std::string_view(each.name));
      add(each.offset);
      add(each.size);
    }
  }

  void add(const Enumeration& enumeration) {
    add(std::string_view(enumeration.name));
    for (const Number& each : enumeration.numbers) {
      add(std::string_view(each.name));
      add(size_t{each.value});
    }
  }

  uint32_t value() const { return value_; }

 private:
  void add_byte(uint8_t byte) { value_ = (value_ ^ byte) * 16777619U; }

  uint32_t value_ = 2166136261U;
};

}  // namespace

Napi::Value describe_layout(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Napi::Object layout = Napi::Object::New(env);
  for (const LayoutTables& tables : all_tables()) {
    for (const Record& record : tables.records) layout.Set(record.name, describe(env, record));
  }
  for (const LayoutTables& tables : all_tables()) {
    for (const Enumeration& each : tables.enumerations) layout.Set(each.name, describe(env, each));
  }
  return layout;
}

uint32_t layout_hash() {
  Hash hash;
  for (const LayoutTables& tables : all_tables()) {
    for (const Record& each : tables.records) hash.add(each);
    for (const Enumeration& each : tables.enumerations) hash.add(each);
  }
  return hash.value();
}

}  // namespace binding
