#include "ipvs/table_resizes.h"

#include <unistd.h>

#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <string_view>
#include <thread>

namespace ipvs {
namespace {

using std::chrono::milliseconds;

// The file has some twenty short lines.
constexpr size_t kMaxBytes = 4096;
constexpr milliseconds kLongestWait{64};

uint64_t leading_number(std::string_view text) {
  uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

}  // namespace

void TableResizes::begin() {
  begun_ = look();
  for (milliseconds wait{1}; begun_.is_moving && wait <= kLongestWait; wait *= 2) {
    std::this_thread::sleep_for(wait);
    begun_ = look();
  }
}

bool TableResizes::detected() const {
  const Table now = look();
  return begun_.is_moving || now.is_moving || now.buckets != begun_.buckets;
}

TableResizes::Table TableResizes::look() const {
  std::array<char, kMaxBytes> bytes;
  // A read at the start of the file makes its text anew.
  const ssize_t count = status_ ? ::pread(status_.get(), bytes.data(), bytes.size(), 0) : 0;
  std::string_view text(bytes.data(), count < 0 ? 0 : static_cast<size_t>(count));
  Table table;
  uint64_t size = 0;
  // Of both tables while entries move from one to the other.
  uint64_t buckets = 0;
  for (size_t end = 0; (end = text.find('\n')) != std::string_view::npos;) {
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end + 1);
    const size_t colon = line.find(":\t");
    if (!line.starts_with("Conn buckets") || colon == std::string_view::npos) continue;
    const std::string_view value = line.substr(colon + 2);
    if (line.starts_with("Conn buckets:")) {
      table.buckets = value;
      size = leading_number(value);
    } else {
      buckets += leading_number(value);
    }
  }
  // An empty table has no lines about the lengths of buckets.
  table.is_moving = buckets != 0 && buckets != size;
  return table;
}

}  // namespace ipvs
