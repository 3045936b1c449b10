#include "binding/results.h"

#include <cstring>
#include <memory>
#include <utility>
#include <vector>

namespace binding {
namespace {

// Below this, copying costs less than a finalizer.
constexpr size_t kCopyLimit = 16 * 1024;

template <typename Record>
Napi::ArrayBuffer copy_records(Napi::Env env, const std::vector<Record>& records) {
  const size_t bytes = records.size() * sizeof(Record);
  Napi::ArrayBuffer buffer = Napi::ArrayBuffer::New(env, bytes);
  if (bytes > 0) std::memcpy(buffer.Data(), records.data(), bytes);
  return buffer;
}

template <typename Record>
Napi::ArrayBuffer to_buffer(Napi::Env env, std::vector<Record> records) {
  const size_t bytes = records.size() * sizeof(Record);
  if (bytes <= kCopyLimit) return copy_records(env, records);

  auto owned = std::make_unique<std::vector<Record>>(std::move(records));
  napi_value value;
  const napi_status status = napi_create_external_arraybuffer(
      env, owned->data(), bytes,
      [](napi_env, void*, void* hint) { delete static_cast<std::vector<Record>*>(hint); },
      owned.get(), &value);
  // A runtime whose memory is caged, such as Electron's, allows no external buffers.
  if (status == napi_no_external_buffers_allowed) return copy_records(env, *owned);
  NAPI_THROW_IF_FAILED(env, status, Napi::ArrayBuffer());
  owned.release();
  return Napi::ArrayBuffer(env, value);
}

}  // namespace

Napi::Value to_js(Napi::Env env, ipvs::Results results) {
  Napi::Array texts = Napi::Array::New(env, results.texts.size());
  for (size_t i = 0; i < results.texts.size(); ++i) {
    texts.Set(static_cast<uint32_t>(i), results.texts[i]);
  }
  Napi::Object object = Napi::Object::New(env);
  object.Set("outcomes", to_buffer(env, std::move(results.outcomes)));
  object.Set("services", to_buffer(env, std::move(results.services)));
  object.Set("destinations", to_buffer(env, std::move(results.destinations)));
  object.Set("daemons", to_buffer(env, std::move(results.daemons)));
  object.Set("texts", texts);
  return object;
}

}  // namespace binding
