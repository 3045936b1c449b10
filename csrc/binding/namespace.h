// A network namespace that JavaScript makes and owns. Only lib/ sees it.
//
// Threading: methods run on the thread of the environment; create() does its work in a job, on a
//   thread of the libuv pool. Nothing else may be called before its promise settles.
// Ownership: owns the descriptor of the namespace. close(), the garbage collection of the object
//   and the end of the environment each close it. Handles have descriptors of their own.
// Errors: promises reject with the errors of make_error().
#pragma once

#include <napi.h>

#include <memory>
#include <vector>

#include "os/namespace.h"

namespace binding {

class Namespace : public Napi::ObjectWrap<Namespace> {
 public:
  static std::vector<PropertyDescriptor> methods();

  explicit Namespace(const Napi::CallbackInfo& info);

 private:
  /// create(loopback: boolean): Promise<{ fd: number, path: string }>
  /// @param loopback  true to bring up the loopback link
  Napi::Value create(const Napi::CallbackInfo& info);
  /// close(): void
  /// Closes the descriptor. Closing again does nothing.
  Napi::Value close(const Napi::CallbackInfo& info);

  // Shared with the job, which may outlive the object.
  std::shared_ptr<os::Namespace> netns_;
};

}  // namespace binding
