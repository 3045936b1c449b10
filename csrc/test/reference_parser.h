// A second parser of the netlink format, as simple as possible, to compare the real one with.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "netlink/message.h"

namespace test {

/// A message or an attribute.
struct Item {
  uint16_t type;
  netlink::Bytes payload;
};
struct Items {
  std::vector<Item> items;
  bool malformed = false;
};

inline uint32_t host_number(netlink::Bytes bytes, size_t at, size_t size) {
  uint32_t value = 0;
  if (size == 2) {
    uint16_t number = 0;
    std::memcpy(&number, &bytes[at], sizeof number);
    value = number;
  } else {
    std::memcpy(&value, &bytes[at], sizeof value);
  }
  return value;
}

/// Splits items that each consist of `header` bytes, payload, and padding to four bytes. A header
/// begins with the length of header and payload, which takes `size` bytes.
inline Items split(netlink::Bytes bytes, size_t header, size_t size, size_t type_at) {
  Items result;
  size_t at = 0;
  while (at < bytes.size()) {
    if (bytes.size() - at < header) return result.malformed = true, result;
    const size_t length = host_number(bytes, at, size);
    if (length < header || length > bytes.size() - at) return result.malformed = true, result;
    result.items.push_back({static_cast<uint16_t>(host_number(bytes, at + type_at, 2)),
                            bytes.subspan(at + header, length - header)});
    at += (length + 3) / 4 * 4;
  }
  return result;
}

inline Items split_attributes(netlink::Bytes bytes) { return split(bytes, 4, 2, 2); }
inline Items split_messages(netlink::Bytes bytes) { return split(bytes, 16, 4, 4); }

}  // namespace test
