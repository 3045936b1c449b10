// The exports of the module, and a hash of what JavaScript has to know about them.
//
// Threading: the thread of the environment.
#pragma once

#include <napi.h>

#include <vector>

#include "binding/hash.h"

namespace binding {

class Exports {
 public:
  explicit Exports(Napi::Object object) : object_(object) {}

  /// Exports a class of Napi::ObjectWrap with the methods that its methods() returns.
  template <typename Class>
  void add_class(const char* name) {
    const std::vector<Napi::ClassPropertyDescriptor<Class>> methods = Class::methods();
    hash_.add(name);
    for (const napi_property_descriptor& each : methods) hash_.add(each.utf8name);
    object_.Set(name, Class::DefineClass(object_.Env(), name, methods));
  }

  template <Napi::Value (*function)(const Napi::CallbackInfo&)>
  void add_function(const char* name) {
    hash_.add(name);
    object_.Set(name, Napi::Function::New<function>(object_.Env(), name));
  }

  /// Exports `interfaceHash`: a hash of the names of the exports and their methods, and of the
  /// layout of the records that they take and return. JavaScript refuses an addon with another one.
  void finish();

 private:
  Napi::Object object_;
  Hash hash_;
};

}  // namespace binding
