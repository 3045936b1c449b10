// Netlink bytes put together by hand, so that the code under test is not its own reference.
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

/// Returns the bytes of a value in memory.
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

/// Returns the characters without a NUL.
inline Buffer text(std::string_view characters) {
  const auto bytes = std::as_bytes(std::span(characters));
  return {bytes.begin(), bytes.end()};
}

/// Parses bytes such as "0a 0b0c".
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

/// Returns bytes as text, so that a failed comparison shows them.
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

/// Returns the bytes of a value as text, so that a comparison includes all fields.
template <typename Value>
std::string shown(const Value& value) {
  return to_hex(raw(value));
}

inline Buffer padded(Buffer bytes) {
  while (bytes.size() % 4 != 0) bytes.push_back(std::byte{0});
  return bytes;
}

/// Returns an attribute without padding.
inline Buffer bare_attribute(uint16_t type, const Buffer& payload) {
  const nlattr header{.nla_len = static_cast<uint16_t>(4 + payload.size()), .nla_type = type};
  return join(raw(header), payload);
}

inline Buffer attribute(uint16_t type, const Buffer& payload) {
  return padded(bare_attribute(type, payload));
}

/// Returns a message without padding, with its nlmsg_len set.
inline Buffer bare_message(nlmsghdr header, const Buffer& payload) {
  header.nlmsg_len = static_cast<uint32_t>(sizeof header + payload.size());
  return join(raw(header), payload);
}

inline Buffer message(const nlmsghdr& header, const Buffer& payload) {
  return padded(bare_message(header, payload));
}

/// Returns the error reply to `request` for a socket with NETLINK_CAP_ACK and NETLINK_EXT_ACK; an
/// acknowledgement if `error` is 0.
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

/// Returns a reply with data to `request`.
inline Buffer data(const nlmsghdr& request, const Buffer& payload) {
  nlmsghdr header = request;
  header.nlmsg_flags = 0;
  return message(header, payload);
}

/// A copy that ends where its memory does, so that AddressSanitizer notices reads past its end.
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
