#include "binding/cursor.h"

#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

#include "binding/handle.h"
#include "binding/job.h"
#include "binding/records.h"
#include "ipvs/connections.h"
#include "os/synchronized.h"

namespace binding {

struct Cursor::State {
  ipvs::ConnectionFile file;
  ipvs::ConnectionFilter filter;
  ipvs::ServiceFacts facts;
  struct Opened {
    std::shared_ptr<const os::Namespace> netns;  // null once the cursor is closed
    std::optional<ipvs::ConnectionReader> reader;
  };
  os::Synchronized<Opened> opened;

  template <typename Read>
  auto with_reader(Read read) {
    return opened.with([&](Opened& own) {
      if (!own.netns) throw os::Error(EBADF, "read", "the cursor is closed");
      if (!own.reader) own.reader.emplace(*own.netns, file, filter, facts);
      return read(*own.reader);
    });
  }
};

std::vector<Cursor::PropertyDescriptor> Cursor::methods() {
  return {
      InstanceMethod<&Cursor::next>("next"),
      InstanceMethod<&Cursor::count>("count"),
      InstanceMethod<&Cursor::close>("close"),
  };
}

Cursor::Cursor(const Napi::CallbackInfo& info)
    : Napi::ObjectWrap<Cursor>(info), state_(std::make_shared<State>()) {
  const auto bytes = info[1].As<Napi::Uint8Array>();
  if (bytes.ByteLength() != sizeof(ipvs::ConnectionFilter)) {
    throw Napi::RangeError::New(info.Env(), "filter: one record");
  }
  std::memcpy(&state_->filter, bytes.Data(), sizeof state_->filter);
  constexpr uint32_t kMaxPrefix = 8 * sizeof(ipvs::Address);
  if (state_->filter.client_prefix > kMaxPrefix || state_->filter.server_prefix > kMaxPrefix) {
    throw Napi::RangeError::New(info.Env(), "filter: a prefix length of at most 128");
  }
  state_->facts =
      ipvs::ServiceFacts(records_of<uint16_t>(info[3]), records_of<ipvs::DestinationKey>(info[4]));
  auto netns = Handle::netns_of(info[0].As<Napi::Object>());
  state_->opened.with([&](auto& own) { own.netns = std::move(netns); });
  state_->file =
      info[2].ToBoolean() ? ipvs::ConnectionFile::kOrigins : ipvs::ConnectionFile::kConnections;
}

Napi::Value Cursor::next(const Napi::CallbackInfo& info) {
  auto chunk = std::make_shared<ipvs::ConnectionChunk>();
  const size_t limit = info[0].ToNumber().Uint32Value();
  return Job::start(
      info.Env(),
      [state = state_, chunk, limit] {
        *chunk = state->with_reader([&](auto& reader) { return reader.next(limit); });
      },
      [chunk](Napi::Env env) {
        Napi::Object object = Napi::Object::New(env);
        object.Set("connections", to_array_buffer(env, chunk->connections));
        object.Set("texts", to_strings(env, chunk->texts));
        object.Set("done", chunk->done);
        return object;
      });
}

Napi::Value Cursor::count(const Napi::CallbackInfo& info) {
  auto counts = std::make_shared<ipvs::ConnectionCounts>();
  const uint32_t by = info[0].ToNumber().Uint32Value();
  return Job::start(
      info.Env(),
      [state = state_, counts, by] {
        *counts = state->with_reader([&](auto& reader) { return reader.count(by); });
      },
      [counts](Napi::Env env) {
        Napi::Object object = Napi::Object::New(env);
        object.Set("counts", to_array_buffer(env, counts->counts));
        object.Set("texts", to_strings(env, counts->texts));
        return object;
      });
}

Napi::Value Cursor::close(const Napi::CallbackInfo& info) {
  state_->opened.with([](auto& own) { own = {}; });
  return info.Env().Undefined();
}

}  // namespace binding
