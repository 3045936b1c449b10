#include "binding/handle.h"

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "binding/buffer.h"
#include "binding/connection.h"
#include "binding/error.h"
#include "binding/job.h"
#include "binding/results.h"
#include "ipvs/proc.h"

namespace binding {
namespace {

// Tells our handles from other wrapped objects.
constexpr napi_type_tag kTypeTag{0x6970767348616e64, 0x6c65546167763031};

template <typename Action>
auto timed(Action action) -> Timed<decltype(action())> {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point begin = Clock::now();
  auto results = action();
  return {std::move(results), std::chrono::duration<double, std::milli>(Clock::now() - begin)};
}

/// Does without a job what one would do.
template <typename Action>
Napi::Value at_once(Napi::Env env, Action action) {
  try {
    return action();
  } catch (const netlink::Error& error) {
    throw make_error(env, error);
  }
}

ipvs::ProcFiles paths_of(const Napi::Value& value) {
  ipvs::ProcFiles files;
  const auto paths = value.As<Napi::Array>();
  for (uint32_t i = 0; i < paths.Length(); ++i) {
    files.push_back({paths.Get(i).As<Napi::String>().Utf8Value(), {}});
  }
  return files;
}

ipvs::ProcFiles files_of(const Napi::Value& value) {
  ipvs::ProcFiles files;
  const auto wanted = value.As<Napi::Array>();
  for (uint32_t i = 0; i < wanted.Length(); ++i) {
    const auto file = wanted.Get(i).As<Napi::Object>();
    files.push_back({file.Get("path").As<Napi::String>().Utf8Value(),
                     file.Get("text").As<Napi::String>().Utf8Value()});
  }
  return files;
}

Napi::Value texts_of(Napi::Env env, const ipvs::ProcFiles& files) {
  Napi::Array texts = Napi::Array::New(env, files.size());
  for (uint32_t i = 0; i < files.size(); ++i) {
    const ipvs::ProcFile& file = files[i];
    if (file.error != 0) {
      texts.Set(i, file.error);
    } else {
      texts.Set(i, to_latin1(env, file.text));
    }
  }
  return texts;
}

Napi::Value errors_of(Napi::Env env, const ipvs::ProcFiles& files) {
  Napi::Array errors = Napi::Array::New(env, files.size());
  for (uint32_t i = 0; i < files.size(); ++i) errors.Set(i, files[i].error);
  return errors;
}

// Keeps the vectors of an answer whose contents were copied to JavaScript: the next job uses their
// room.
Napi::Value hand_over(Napi::Env env, Timed<ipvs::Results>& answer, const Napi::Value& buffer,
                      ipvs::Results& spare) {
  const Napi::Value object = to_js(env, answer, buffer);
  constexpr size_t kMaxKept = 4096;  // of each; a part of a snapshot usually has fewer
  ipvs::Results& results = answer.results;
  if (results.destinations.capacity() <= kMaxKept && results.services.capacity() <= kMaxKept) {
    spare = std::move(results);
  }
  return object;
}

}  // namespace

Napi::Function Handle::define(Napi::Env env) {
  return DefineClass(env, "Handle",
                     {
                         InstanceMethod<&Handle::open>("open"),
                         InstanceMethod<&Handle::run>("run"),
                         InstanceMethod<&Handle::run_sync>("runSync"),
                         InstanceMethod<&Handle::run_links>("runLinks"),
                         InstanceMethod<&Handle::run_links_sync>("runLinksSync"),
                         InstanceMethod<&Handle::read_files>("readFiles"),
                         InstanceMethod<&Handle::read_files_sync>("readFilesSync"),
                         InstanceMethod<&Handle::write_files>("writeFiles"),
                         InstanceMethod<&Handle::write_files_sync>("writeFilesSync"),
                         InstanceMethod<&Handle::close>("close"),
                     });
}

Handle::Handle(const Napi::CallbackInfo& info)
    : Napi::ObjectWrap<Handle>(info),
      connection_(std::make_shared<Connection>()),
      spare_(std::make_shared<ipvs::Results>()) {
  info.This().As<Napi::Object>().TypeTag(&kTypeTag);
}

std::shared_ptr<const netlink::Namespace> Handle::netns_of(const Napi::Object& handle) {
  if (!handle.CheckTypeTag(&kTypeTag)) throw Napi::TypeError::New(handle.Env(), "handle: a Handle");
  return Unwrap(handle)->connection_->netns();
}

Napi::Value Handle::open(const Napi::CallbackInfo& info) {
  // A descriptor is the caller's, who may close it as soon as this returns.
  std::shared_ptr<const netlink::Namespace> given;
  std::string path;
  if (info[0].IsNumber()) {
    try {
      given = std::make_shared<const netlink::Namespace>(
          netlink::Namespace::of(info[0].As<Napi::Number>().Int32Value()));
    } catch (const netlink::Error& error) {
      throw make_error(info.Env(), error);
    }
  } else {
    path = info[0].As<Napi::String>().Utf8Value();
  }
  return Job::start(
      info.Env(),
      [connection = connection_, given, path, ipvs = info[1].ToBoolean().Value()] {
        const auto netns = given ? given : std::make_shared<const netlink::Namespace>(path);
        if (ipvs) {
          connection->open(netns, ipvs::Client(netns), {});
        } else {
          connection->open(netns, {}, rtnl::Client(*netns));
        }
      },
      [](Napi::Env env) { return env.Undefined(); });
}

Napi::Value Handle::run(const Napi::CallbackInfo& info) {
  auto answer = std::make_shared<Timed<ipvs::Results>>();
  answer->results = std::move(*spare_);
  const auto buffer =
      info[2].IsArrayBuffer()
          ? std::make_shared<Napi::ObjectReference>(Napi::Persistent(info[2].As<Napi::Object>()))
          : nullptr;
  return Job::start(
      info.Env(),
      [connection = connection_, requests = KeptRecords<ipvs::Request>(info[0]),
       stop_on_error = info[1].ToBoolean().Value(), answer] {
        *answer = timed([&] {
          return connection->run(requests.records, stop_on_error, std::move(answer->results));
        });
      },
      [spare = spare_, buffer, answer](Napi::Env env) {
        return hand_over(env, *answer, buffer ? buffer->Value() : env.Undefined(), *spare);
      });
}

Napi::Value Handle::run_sync(const Napi::CallbackInfo& info) {
  return at_once(info.Env(), [&] {
    const auto requests = records_of<ipvs::Request>(info[0]);
    Timed<ipvs::Results> answer{connection_->run(requests, false, std::move(*spare_)), {}};
    return hand_over(info.Env(), answer, info[1], *spare_);
  });
}

Napi::Value Handle::run_links(const Napi::CallbackInfo& info) {
  auto answer = std::make_shared<Timed<rtnl::Results>>();
  return Job::start(
      info.Env(),
      [connection = connection_, requests = KeptRecords<rtnl::Request>(info[0]),
       addresses = KeptRecords<rtnl::AddressSettings>(info[1]), answer] {
        *answer = timed([&] { return connection->run_links(requests.records, addresses.records); });
      },
      [answer](Napi::Env env) { return to_js(env, *answer); });
}

Napi::Value Handle::run_links_sync(const Napi::CallbackInfo& info) {
  return at_once(info.Env(), [&] {
    const auto requests = records_of<rtnl::Request>(info[0]);
    const auto addresses = records_of<rtnl::AddressSettings>(info[1]);
    Timed<rtnl::Results> answer{connection_->run_links(requests, addresses), {}};
    return to_js(info.Env(), answer);
  });
}

Napi::Value Handle::read_files(const Napi::CallbackInfo& info) {
  auto files = std::make_shared<ipvs::ProcFiles>(paths_of(info[0]));
  return Job::start(
      info.Env(),
      [connection = connection_, files] { ipvs::read_files(*connection->netns(), *files); },
      [files](Napi::Env env) { return texts_of(env, *files); });
}

Napi::Value Handle::read_files_sync(const Napi::CallbackInfo& info) {
  return at_once(info.Env(), [&] {
    auto files = paths_of(info[0]);
    ipvs::read_files(*connection_->netns(), files);
    return texts_of(info.Env(), files);
  });
}

Napi::Value Handle::write_files(const Napi::CallbackInfo& info) {
  auto files = std::make_shared<ipvs::ProcFiles>(files_of(info[0]));
  return Job::start(
      info.Env(),
      [connection = connection_, files] { ipvs::write_files(*connection->netns(), *files); },
      [files](Napi::Env env) { return errors_of(env, *files); });
}

Napi::Value Handle::write_files_sync(const Napi::CallbackInfo& info) {
  return at_once(info.Env(), [&] {
    auto files = files_of(info[0]);
    ipvs::write_files(*connection_->netns(), files);
    return errors_of(info.Env(), files);
  });
}

Napi::Value Handle::close(const Napi::CallbackInfo& info) {
  connection_->close();
  *spare_ = {};
  return info.Env().Undefined();
}

}  // namespace binding
