#include "binding/layout.h"

#include "binding/layout_tables.h"

namespace binding {
namespace {

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

}  // namespace

Napi::Object make_layout(Napi::Env env) {
  const LayoutTables all[] = {ipvs_layout(), connections_layout(), links_layout()};
  Napi::Object layout = Napi::Object::New(env);
  for (const LayoutTables& tables : all) {
    for (const Record& record : tables.records) layout.Set(record.name, describe(env, record));
  }
  for (const LayoutTables& tables : all) {
    for (const Enumeration& each : tables.enumerations) layout.Set(each.name, describe(env, each));
  }
  return layout;
}

}  // namespace binding
