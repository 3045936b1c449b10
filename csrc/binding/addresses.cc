#include "binding/addresses.h"

#include <array>
#include <cstring>
#include <optional>
#include <string_view>

#include "binding/records.h"
#include "rtnl/plan.h"
#include "rtnl/text.h"

namespace binding {
namespace {

// Parses plain text of an address; nullopt if it is something else, such as text longer than any
// address. Reads UTF-16, because V8 would copy a concatenated string before it wrote it as UTF-8.
std::optional<rtnl::AddressSettings> address_of(napi_env env, napi_value value) {
  std::array<char16_t, rtnl::kAddressText + 2> utf16;
  size_t length = 0;
  if (napi_get_value_string_utf16(env, value, utf16.data(), utf16.size(), &length) != napi_ok ||
      length > rtnl::kAddressText) {
    return std::nullopt;
  }
  std::array<char, rtnl::kAddressText> text;
  for (size_t i = 0; i < length; ++i) {
    if (utf16[i] > 0x7f) return std::nullopt;
    text[i] = static_cast<char>(utf16[i]);
  }
  return rtnl::parse_address({text.data(), length});
}

}  // namespace

Napi::Value encode_addresses(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto texts = info[0].As<Napi::Array>();
  const uint32_t from = info[1].As<Napi::Number>().Uint32Value();
  const uint32_t family = info[2].As<Napi::Number>().Uint32Value();
  auto records = info[3].As<Napi::Uint8Array>();
  const size_t capacity = records.ByteLength() / sizeof(rtnl::AddressSettings);
  uint8_t* next = records.Data();
  uint32_t count = 0;
  for (; count < capacity; ++count, next += sizeof(rtnl::AddressSettings)) {
    const auto address = address_of(env, texts.Get(from + count));
    if (!address || (family != 0 && address->family != family)) break;
    std::memcpy(next, &*address, sizeof *address);
  }
  return Napi::Number::New(env, count);
}

Napi::Value find_contradiction(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto wanted = records_of<rtnl::AddressSettings>(info[0]);
  const auto found = rtnl::Plan(wanted, false).contradiction();
  if (!found) return env.Undefined();
  return to_pair(env, *found);
}

Napi::Value keep_addresses(const Napi::CallbackInfo& info) {
  auto kept = rtnl::keep_addresses(records_of<rtnl::AddressSettings>(info[0]));
  return to_array_buffer(info.Env(), kept);
}

}  // namespace binding
