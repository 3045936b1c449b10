#include "binding/handle.h"

#include <cerrno>
#include <cstring>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "binding/error.h"
#include "binding/job.h"
#include "binding/results.h"
#include "ipvs/client.h"

namespace binding {
namespace {

// The records of a Uint8Array, copied, and so aligned and safe from later writes.
std::vector<ipvs::Request> copy_requests(const Napi::CallbackInfo& info) {
  if (!info[0].IsTypedArray()) throw Napi::TypeError::New(info.Env(), "requests: a Uint8Array");
  const auto bytes = info[0].As<Napi::Uint8Array>();
  if (bytes.ByteLength() % sizeof(ipvs::Request) != 0) {
    throw Napi::RangeError::New(info.Env(), "requests: whole records");
  }
  std::vector<ipvs::Request> requests(bytes.ByteLength() / sizeof(ipvs::Request));
  if (!requests.empty()) std::memcpy(requests.data(), bytes.Data(), bytes.ByteLength());
  return requests;
}

}  // namespace

struct Handle::Connection {
  std::mutex mutex;
  std::optional<ipvs::Client> client;

  ipvs::Results run(const std::vector<ipvs::Request>& requests) {
    const std::lock_guard lock(mutex);
    if (!client) throw netlink::Error(EBADF, "sendmsg", "the handle is not open");
    return client->run(requests);
  }
};

Napi::Function Handle::define(Napi::Env env) {
  return DefineClass(env, "Handle",
                     {
                         InstanceMethod<&Handle::open>("open"),
                         InstanceMethod<&Handle::run>("run"),
                         InstanceMethod<&Handle::run_sync>("runSync"),
                         InstanceMethod<&Handle::close>("close"),
                     });
}

Handle::Handle(const Napi::CallbackInfo& info)
    : Napi::ObjectWrap<Handle>(info), connection_(std::make_shared<Connection>()) {}

Napi::Value Handle::open(const Napi::CallbackInfo& info) {
  return Job::start(
      info.Env(),
      [connection = connection_, netns = info[0].As<Napi::String>().Utf8Value()] {
        const std::lock_guard lock(connection->mutex);
        connection->client.emplace(netns);
      },
      [](Napi::Env env) { return env.Undefined(); });
}

Napi::Value Handle::run(const Napi::CallbackInfo& info) {
  auto results = std::make_shared<ipvs::Results>();
  return Job::start(
      info.Env(),
      [connection = connection_, requests = copy_requests(info), results] {
        *results = connection->run(requests);
      },
      [results](Napi::Env env) { return to_js(env, std::move(*results)); });
}

Napi::Value Handle::run_sync(const Napi::CallbackInfo& info) {
  try {
    return to_js(info.Env(), connection_->run(copy_requests(info)));
  } catch (const netlink::Error& error) {
    throw make_error(info.Env(), error);
  }
}

Napi::Value Handle::close(const Napi::CallbackInfo& info) {
  const std::lock_guard lock(connection_->mutex);
  connection_->client.reset();
  return info.Env().Undefined();
}

}  // namespace binding
