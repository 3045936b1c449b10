// Netlink bytes put together by hand: what is tested must not be tested against itself.
#pragma once

#include <linux/netlink.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "netlink/message.h"

namespace wire {

using netlink::Bytes;
using Buffer = std::vector<std::byte>;

/// A value as it lies in memory.
template <typename Value>
Buffer raw(const Value& value) {
  const auto bytes = std::as_bytes(std::span(&value, 1));
  return {bytes.begin(), bytes.end()};
}

template <typename... Parts>
Buffer join(const Parts&... parts) {
  Buffer all;
  (all.insert(all.end(), parts.begin(), parts.end()), ...);
  return all;
}

inline Buffer big_endian(uint16_t value) {
  return {static_cast<std::byte>(value >> 8), static_cast<std::byte>(value)};
}

inline Buffer big_endian(uint32_t value) {
  return join(big_endian(static_cast<uint16_t>(value >> 16)),
              big_endian(static_cast<uint16_t>(value)));
}

/// Characters; no NUL.
inline Buffer text(std::string_view characters) {
  const auto bytes = std::as_bytes(std::span(characters));
  return {bytes.begin(), bytes.end()};
}

/// "0a 0b 0c"; blanks may stand between bytes.
inline Buffer hex(std::string_view digits) {
  Buffer bytes;
  std::string pair;
  for (const char digit : digits) {
    if (digit == ' ' || digit == '\n') continue;
    pair += digit;
    if (pair.size() < 2) continue;
    bytes.push_back(static_cast<std::byte>(std::stoi(pair, nullptr, 16)));
    pair.clear();
  }
  return bytes;
}

/// For comparisons: a test that fails shows it.
inline std::string to_hex(Bytes bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string result;
  for (const std::byte byte : bytes) {
    if (!result.empty()) result += ' ';
    result += kDigits[std::to_integer<size_t>(byte >> 4)];
    result += kDigits[std::to_integer<size_t>(byte & std::byte{15})];
  }
  return result;
}

/// The bytes of a value in memory, so that a comparison forgets no field.
template <typename Value>
std::string shown(const Value& value) {
  return to_hex(raw(value));
}

inline Buffer padded(Buffer bytes) {
  while (bytes.size() % 4 != 0) bytes.push_back(std::byte{0});
  return bytes;
}

/// An attribute without the padding behind it.
inline Buffer bare_attribute(uint16_t type, const Buffer& payload) {
  const nlattr header{.nla_len = static_cast<uint16_t>(4 + payload.size()), .nla_type = type};
  return join(raw(header), payload);
}

inline Buffer attribute(uint16_t type, const Buffer& payload) {
  return padded(bare_attribute(type, payload));
}

/// A message without the padding behind it; nlmsg_len is filled in.
inline Buffer bare_message(nlmsghdr header, const Buffer& payload) {
  header.nlmsg_len = static_cast<uint32_t>(sizeof header + payload.size());
  return join(raw(header), payload);
}

inline Buffer message(const nlmsghdr& header, const Buffer& payload) {
  return padded(bare_message(header, payload));
}

/// What the kernel says of `request` to a socket with NETLINK_CAP_ACK and NETLINK_EXT_ACK.
inline Buffer error_reply(const nlmsghdr& request, int error, std::string_view words = {}) {
  nlmsghdr header = request;
  header.nlmsg_type = NLMSG_ERROR;
  header.nlmsg_flags = NLM_F_CAPPED;
  Buffer tail;
  if (!words.empty()) {
    header.nlmsg_flags |= NLM_F_ACK_TLVS;
    tail = attribute(NLMSGERR_ATTR_MSG, join(text(words), Buffer(1)));
  }
  return message(header, join(raw(int32_t{-error}), raw(request), tail));
}

/// An answer of data to `request`.
inline Buffer data(const nlmsghdr& request, const Buffer& payload) {
  nlmsghdr header = request;
  header.nlmsg_flags = 0;
  return message(header, payload);
}

/// A copy that ends where its memory does, so that AddressSanitizer sees what reads beyond.
class Exact {
 public:
  explicit Exact(Bytes bytes)
      : bytes_(std::make_unique<std::byte[]>(bytes.size())), size_(bytes.size()) {
    std::copy(bytes.begin(), bytes.end(), bytes_.get());
  }
  operator Bytes() const { return {bytes_.get(), size_}; }

 private:
  std::unique_ptr<std::byte[]> bytes_;
  size_t size_;
};

}  // namespace wire
