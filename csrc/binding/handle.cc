#include "binding/handle.h"

#include <time.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "binding/clients.h"
#include "binding/error.h"
#include "binding/job.h"
#include "binding/records.h"
#include "binding/response.h"
#include "os/files.h"

namespace binding {
namespace {

// Distinguishes handles from other wrapped objects.
constexpr napi_type_tag kTypeTag{0x6970767348616e64, 0x6c65546167763031};

using Milliseconds = std::chrono::duration<double, std::milli>;

Milliseconds now(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

/// Measures the CPU time of this thread, in which the kernel executes the requests. The time in
/// which the thread waits for a core or for a lock says nothing about them. The CPU time cannot
/// exceed the time that has passed, but some kernels count it in ticks of some milliseconds.
template <typename Action>
Milliseconds measure(Action action) {
  const Milliseconds cpu = now(CLOCK_THREAD_CPUTIME_ID);
  const Milliseconds begin = now(CLOCK_MONOTONIC);
  action();
  const Milliseconds passed = now(CLOCK_MONOTONIC) - begin;
  return std::min(now(CLOCK_THREAD_CPUTIME_ID) - cpu, passed);
}

size_t size_of(const Napi::Value& value) { return value.As<Napi::Number>().Uint32Value(); }

os::Files paths_of(const Napi::Value& value) {
  os::Files files;
  const auto paths = value.As<Napi::Array>();
  for (uint32_t i = 0; i < paths.Length(); ++i) {
    files.push_back({paths.Get(i).As<Napi::String>().Utf8Value(), {}});
  }
  return files;
}

os::Files files_of(const Napi::Value& value) {
  os::Files files;
  const auto wanted = value.As<Napi::Array>();
  for (uint32_t i = 0; i < wanted.Length(); ++i) {
    const auto file = wanted.Get(i).As<Napi::Object>();
    files.push_back({file.Get("path").As<Napi::String>().Utf8Value(),
                     file.Get("text").As<Napi::String>().Utf8Value()});
  }
  return files;
}

Napi::Value contents_of(Napi::Env env, const os::Files& files) {
  Napi::Array contents = Napi::Array::New(env, files.size());
  for (uint32_t i = 0; i < files.size(); ++i) {
    const os::File& file = files[i];
    if (file.error != 0) {
      contents.Set(i, file.error);
    } else {
      contents.Set(i, to_latin1(env, file.text));
    }
  }
  return contents;
}

Napi::Value errors_of(Napi::Env env, const os::Files& files) {
  Napi::Array errors = Napi::Array::New(env, files.size());
  for (uint32_t i = 0; i < files.size(); ++i) errors.Set(i, files[i].error);
  return errors;
}

// Converts results, and keeps their vectors in `spare` unless they are large.
Napi::Value to_js_and_keep(Napi::Env env, ipvs::Response& response, Elapsed elapsed,
                           const Napi::Value& memory, ipvs::Response& spare) {
  const Napi::Value object = to_js(env, response, elapsed, memory);
  constexpr size_t kMaxKept = 4096;  // entries; a chunk of a snapshot usually has fewer
  if (response.destinations.capacity() <= kMaxKept && response.services.capacity() <= kMaxKept) {
    spare = std::move(response);
  }
  return object;
}

}  // namespace

std::vector<Handle::PropertyDescriptor> Handle::methods() {
  return {
      InstanceMethod<&Handle::hold>("hold"),
      InstanceMethod<&Handle::open>("open"),
      InstanceMethod<&Handle::run>("run"),
      InstanceMethod<&Handle::run_sync>("runSync"),
      InstanceMethod<&Handle::run_links>("runLinks"),
      InstanceMethod<&Handle::run_links_sync>("runLinksSync"),
      InstanceMethod<&Handle::read_files>("readFiles"),
      InstanceMethod<&Handle::read_files_sync>("readFilesSync"),
      InstanceMethod<&Handle::write_files>("writeFiles"),
      InstanceMethod<&Handle::write_files_sync>("writeFilesSync"),
      InstanceMethod<&Handle::recoveries>("recoveries"),
      InstanceMethod<&Handle::close>("close"),
  };
}

Handle::Handle(const Napi::CallbackInfo& info)
    : Napi::ObjectWrap<Handle>(info),
      clients_(std::make_shared<Clients>()),
      spare_(std::make_shared<ipvs::Response>()) {
  info.This().As<Napi::Object>().TypeTag(&kTypeTag);
}

std::shared_ptr<const os::Namespace> Handle::netns_of(const Napi::Object& handle) {
  return run_now(handle.Env(), [&] { return clients_of(handle)->netns(); });
}

std::shared_ptr<Clients> Handle::clients_of(const Napi::Object& handle) {
  if (!handle.CheckTypeTag(&kTypeTag)) throw Napi::TypeError::New(handle.Env(), "handle: a Handle");
  return Unwrap(handle)->clients_;
}

Napi::Value Handle::hold(const Napi::CallbackInfo& info) {
  return run_now(info.Env(), [&] {
    held_ = std::make_shared<const os::Namespace>(
        os::Namespace::of(info[0].As<Napi::Number>().Int32Value()));
    return info.Env().Undefined();
  });
}

Napi::Value Handle::open(const Napi::CallbackInfo& info) {
  const auto held = std::exchange(held_, nullptr);
  std::string path;
  if (!held) path = info[0].As<Napi::String>().Utf8Value();
  return Job::start(
      info.Env(),
      [clients = clients_, held, path, ipvs = info[1].ToBoolean().Value()] {
        const auto netns = held ? held : std::make_shared<const os::Namespace>(path);
        if (ipvs) {
          clients->open(netns, ipvs::Client(netns), {});
        } else {
          clients->open(netns, {}, rtnl::Client(*netns));
        }
      },
      [](Napi::Env env) { return env.Undefined(); });
}

Napi::Value Handle::run(const Napi::CallbackInfo& info) {
  struct Timed {
    ipvs::Response response;
    Elapsed elapsed;
  };
  const KeptRecords<ipvs::Request> requests(info[0], size_of(info[1]), size_of(info[2]));
  auto timed = std::make_shared<Timed>(Timed{std::move(*spare_), {}});
  const auto memory =
      info[5].IsArrayBuffer()
          ? std::make_shared<Napi::ObjectReference>(Napi::Persistent(info[5].As<Napi::Object>()))
          : nullptr;
  return Job::start(
      info.Env(),
      [clients = clients_, requests, stop_on_error = info[3].ToBoolean().Value(),
       is_timed = info[4].ToBoolean().Value(), timed] {
        const auto run = [&] {
          timed->response =
              clients->run(requests.records, stop_on_error, std::move(timed->response));
        };
        if (is_timed) {
          timed->elapsed = measure(run);
        } else {
          run();
        }
      },
      [spare = spare_, memory, timed](Napi::Env env) {
        return to_js_and_keep(env, timed->response, timed->elapsed,
                              memory ? memory->Value() : env.Undefined(), *spare);
      });
}

Napi::Value Handle::run_sync(const Napi::CallbackInfo& info) {
  return run_now(info.Env(), [&] {
    const auto requests = records_of<ipvs::Request>(info[0], 0, size_of(info[1]));
    ipvs::Response response = clients_->run(requests, false, std::move(*spare_));
    return to_js_and_keep(info.Env(), response, {}, info[2], *spare_);
  });
}

Napi::Value Handle::run_links(const Napi::CallbackInfo& info) {
  auto response = std::make_shared<rtnl::Response>();
  return Job::start(
      info.Env(),
      [clients = clients_, requests = KeptRecords<rtnl::Request>(info[0]),
       addresses = KeptRecords<rtnl::AddressSettings>(info[1]),
       response] { *response = clients->run_links(requests.records, addresses.records); },
      [response](Napi::Env env) { return to_js(env, *response); });
}

Napi::Value Handle::run_links_sync(const Napi::CallbackInfo& info) {
  return run_now(info.Env(), [&] {
    const auto requests = records_of<rtnl::Request>(info[0]);
    const auto addresses = records_of<rtnl::AddressSettings>(info[1]);
    rtnl::Response response = clients_->run_links(requests, addresses);
    return to_js(info.Env(), response);
  });
}

Napi::Value Handle::read_files(const Napi::CallbackInfo& info) {
  auto files = std::make_shared<os::Files>(paths_of(info[0]));
  return Job::start(
      info.Env(), [clients = clients_, files] { os::read_files(*clients->netns(), *files); },
      [files](Napi::Env env) { return contents_of(env, *files); });
}

Napi::Value Handle::read_files_sync(const Napi::CallbackInfo& info) {
  return run_now(info.Env(), [&] {
    auto files = paths_of(info[0]);
    os::read_files(*clients_->netns(), files);
    return contents_of(info.Env(), files);
  });
}

Napi::Value Handle::write_files(const Napi::CallbackInfo& info) {
  auto files = std::make_shared<os::Files>(files_of(info[0]));
  return Job::start(
      info.Env(), [clients = clients_, files] { os::write_files(*clients->netns(), *files); },
      [files](Napi::Env env) { return errors_of(env, *files); });
}

Napi::Value Handle::write_files_sync(const Napi::CallbackInfo& info) {
  return run_now(info.Env(), [&] {
    auto files = files_of(info[0]);
    os::write_files(*clients_->netns(), files);
    return errors_of(info.Env(), files);
  });
}

Napi::Value Handle::recoveries(const Napi::CallbackInfo& info) {
  const netlink::Recoveries none;
  const auto counted = clients_->recoveries(info[0].ToBoolean().Value());
  const netlink::Recoveries& counters = counted ? *counted : none;
  Napi::Array values = Napi::Array::New(info.Env(), 3);
  uint32_t place = 0;
  for (const auto* counter :
       {&counters.repeated_requests, &counters.lost_replies, &counters.repeated_lists}) {
    values.Set(place++, static_cast<double>(counter->load()));
  }
  return values;
}

Napi::Value Handle::close(const Napi::CallbackInfo& info) {
  held_.reset();
  clients_->close();
  *spare_ = {};
  return info.Env().Undefined();
}

}  // namespace binding
