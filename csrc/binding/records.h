// Conversions between JavaScript and C++: ArrayBuffers of records, and arrays of strings.
//
// Threading: the thread of the environment.
#pragma once

#include <napi.h>

#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace binding {

/// Views the bytes of a Uint8Array as records. Nobody may write to the array while the records are
/// read.
/// @throws Napi::TypeError, Napi::RangeError
template <typename Record>
std::span<Record> writable_records_of(const Napi::Value& value) {
  static_assert(std::is_trivially_copyable_v<Record>);
  if (!value.IsTypedArray()) throw Napi::TypeError::New(value.Env(), "records: a Uint8Array");
  auto bytes = value.As<Napi::Uint8Array>();
  const bool aligned = reinterpret_cast<uintptr_t>(bytes.Data()) % alignof(Record) == 0;
  if (bytes.ByteLength() % sizeof(Record) != 0 || !aligned) {
    throw Napi::RangeError::New(value.Env(), "records: whole ones");
  }
  return {reinterpret_cast<Record*>(bytes.Data()), bytes.ByteLength() / sizeof(Record)};
}

/// Views the bytes of a Uint8Array as records to read.
/// @throws Napi::TypeError, Napi::RangeError
template <typename Record>
std::span<const Record> records_of(const Napi::Value& value) {
  return writable_records_of<Record>(value);
}

/// Views `count` records of a Uint8Array, from `first` on.
/// @throws Napi::TypeError, Napi::RangeError
template <typename Record>
std::span<const Record> records_of(const Napi::Value& value, size_t first, size_t count) {
  const auto all = records_of<Record>(value);
  if (first > all.size() || count > all.size() - first) {
    throw Napi::RangeError::New(value.Env(), "records: more than there are");
  }
  return all.subspan(first, count);
}

/// The records of a Uint8Array for a job. Refers to the array until the job ends, because a copy of
/// thousands of records would cost more than the job itself.
template <typename Record>
struct KeptRecords {
  std::span<const Record> records;
  std::shared_ptr<Napi::ObjectReference> array;

  explicit KeptRecords(const Napi::Value& value) : KeptRecords(value, records_of<Record>(value)) {}
  KeptRecords(const Napi::Value& value, size_t first, size_t count)
      : KeptRecords(value, records_of<Record>(value, first, count)) {}

 private:
  KeptRecords(const Napi::Value& value, std::span<const Record> records)
      : records(records),
        array(std::make_shared<Napi::ObjectReference>(Napi::Persistent(value.As<Napi::Object>()))) {
  }
};

/// Copies records to a new ArrayBuffer.
template <typename Record>
Napi::ArrayBuffer copy_records(Napi::Env env, std::span<const Record> records) {
  static_assert(std::is_trivially_copyable_v<Record>);
  const size_t bytes = records.size_bytes();
  Napi::ArrayBuffer buffer = Napi::ArrayBuffer::New(env, bytes);
  if (bytes > 0) std::memcpy(buffer.Data(), records.data(), bytes);
  return buffer;
}

/// Returns records as an ArrayBuffer. The memory of a large vector passes to the ArrayBuffer and
/// leaves the vector empty; a small vector is copied and keeps its memory.
template <typename Record>
Napi::ArrayBuffer to_array_buffer(Napi::Env env, std::vector<Record>& records) {
  constexpr size_t kCopyLimit = 16 * 1024;  // below it, copying costs less than a finalizer
  const size_t bytes = records.size() * sizeof(Record);
  if (bytes <= kCopyLimit) return copy_records<Record>(env, records);

  auto owned = std::make_unique<std::vector<Record>>(std::move(records));
  napi_value value;
  const napi_status status = napi_create_external_arraybuffer(
      env, owned->data(), bytes,
      [](napi_env, void*, void* hint) { delete static_cast<std::vector<Record>*>(hint); },
      owned.get(), &value);
  // Runtimes that confine memory to a cage, such as Electron, allow no external buffers.
  if (status == napi_no_external_buffers_allowed) return copy_records<Record>(env, *owned);
  NAPI_THROW_IF_FAILED(env, status, Napi::ArrayBuffer());
  static_cast<void>(owned.release());  // the finalizer owns it now
  return Napi::ArrayBuffer(env, value);
}

/// Copies records to the beginning of an ArrayBuffer. Returns false, and copies nothing, if there
/// are no records, or if `memory` is not an ArrayBuffer or is too small.
template <typename Record>
bool copy_into(const Napi::Value& memory, const std::vector<Record>& records) {
  static_assert(std::is_trivially_copyable_v<Record>);
  if (records.empty() || !memory.IsArrayBuffer()) return false;
  auto buffer = memory.As<Napi::ArrayBuffer>();
  const size_t bytes = records.size() * sizeof(Record);
  if (bytes > buffer.ByteLength()) return false;
  std::memcpy(buffer.Data(), records.data(), bytes);
  return true;
}

/// Returns text of the kernel, which promises no encoding, as a string with a character for each
/// byte.
inline Napi::String to_latin1(Napi::Env env, const std::string& text) {
  napi_value value;
  const napi_status status = napi_create_string_latin1(env, text.data(), text.size(), &value);
  NAPI_THROW_IF_FAILED(env, status, Napi::String());
  return Napi::String(env, value);
}

/// Returns two indexes as an array.
inline Napi::Array to_pair(Napi::Env env, std::pair<size_t, size_t> indexes) {
  Napi::Array pair = Napi::Array::New(env, 2);
  pair.Set(0U, static_cast<double>(indexes.first));
  pair.Set(1U, static_cast<double>(indexes.second));
  return pair;
}

inline Napi::Array to_strings(Napi::Env env, const std::vector<std::string>& texts) {
  Napi::Array array = Napi::Array::New(env, texts.size());
  for (size_t i = 0; i < texts.size(); ++i) {
    array.Set(static_cast<uint32_t>(i), to_latin1(env, texts[i]));
  }
  return array;
}

}  // namespace binding
