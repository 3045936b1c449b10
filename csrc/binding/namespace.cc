#include "binding/namespace.h"

#include <string>
#include <utility>

#include "binding/job.h"
#include "rtnl/loopback.h"

namespace binding {

std::vector<Namespace::PropertyDescriptor> Namespace::methods() {
  return {
      InstanceMethod<&Namespace::create>("create"),
      InstanceMethod<&Namespace::close>("close"),
  };
}

Namespace::Namespace(const Napi::CallbackInfo& info)
    : Napi::ObjectWrap<Namespace>(info), netns_(std::make_shared<os::Namespace>()) {}

Napi::Value Namespace::create(const Napi::CallbackInfo& info) {
  const auto path = std::make_shared<std::string>();
  return Job::start(
      info.Env(),
      [netns = netns_, path, loopback = info[0].ToBoolean().Value()] {
        os::Namespace created = os::Namespace::create();
        if (loopback) rtnl::bring_up_loopback(created);
        *path = created.path();
        *netns = std::move(created);
      },
      [netns = netns_, path](Napi::Env env) {
        Napi::Object created = Napi::Object::New(env);
        created.Set("fd", netns->descriptor());
        created.Set("path", *path);
        return created;
      });
}

Napi::Value Namespace::close(const Napi::CallbackInfo& info) {
  *netns_ = {};
  return info.Env().Undefined();
}

}  // namespace binding
