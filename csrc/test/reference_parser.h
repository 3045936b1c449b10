// The format of netlink once more, in the simplest way: what the readers are compared with.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "netlink/message.h"

namespace test {

struct Part {
  uint16_t type;
  netlink::Bytes payload;
};
struct Parts {
  std::vector<Part> parts;
  bool malformed = false;
};

inline uint32_t host_number(netlink::Bytes bytes, size_t at, size_t size) {
  uint32_t value = 0;
  if (size == 2) {
    uint16_t half = 0;
    std::memcpy(&half, &bytes[at], sizeof half);
    value = half;
  } else {
    std::memcpy(&value, &bytes[at], sizeof value);
  }
  return value;
}

/// `header` bytes that start with a length of `size` bytes, itself included; payload; padding to
/// four bytes.
inline Parts split(netlink::Bytes bytes, size_t header, size_t size, size_t type_at) {
  Parts result;
  size_t at = 0;
  while (at < bytes.size()) {
    if (bytes.size() - at < header) return result.malformed = true, result;
    const size_t length = host_number(bytes, at, size);
    if (length < header || length > bytes.size() - at) return result.malformed = true, result;
    result.parts.push_back({static_cast<uint16_t>(host_number(bytes, at + type_at, 2)),
                            bytes.subspan(at + header, length - header)});
    at += (length + 3) / 4 * 4;
  }
  return result;
}

inline Parts split_attributes(netlink::Bytes bytes) { return split(bytes, 4, 2, 2); }
inline Parts split_messages(netlink::Bytes bytes) { return split(bytes, 16, 4, 4); }

}  // namespace test
