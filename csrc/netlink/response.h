// The response to a list of requests: a result for each.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <type_traits>
#include <vector>

#include "netlink/failure.h"

namespace netlink {

/// A result for each request, in order. `Result` is a record with the fields `error` (errno, or 0),
/// `status` (Status) and `text` (1 + the index of the kernel's words in `texts`, or 0).
template <typename Result>
struct Response {
  static_assert(std::is_trivially_copyable_v<Result> && std::is_standard_layout_v<Result>);
  static_assert(std::has_unique_object_representations_v<Result>);

  std::vector<Result> results;
  std::vector<std::string> texts;

  void set_done(size_t request) { results[request].status = static_cast<uint32_t>(Status::kDone); }
  bool is_pending(size_t request) const { return has(request, Status::kPending); }
  bool is_done(size_t request) const { return has(request, Status::kDone); }
  /// True if every request succeeded and no result says more than that.
  bool is_plain() const {
    static constexpr Result kPlain = [] {
      Result result{};
      result.status = static_cast<uint32_t>(Status::kDone);
      return result;
    }();
    return std::all_of(results.begin(), results.end(), [](const Result& result) {
      return std::memcmp(&result, &kPlain, sizeof result) == 0;
    });
  }
  void fail(size_t request, Status status, int error, const std::string& text = {}) {
    Result& result = results[request];
    result.status = static_cast<uint32_t>(status);
    result.error = error;
    if (text.empty()) return;
    texts.push_back(text);
    result.text = static_cast<uint32_t>(texts.size());
  }
  void fail(size_t request, const Failure& failure) {
    fail(request, failure.status, failure.error, failure.text);
  }

 private:
  bool has(size_t request, Status status) const {
    return results[request].status == static_cast<uint32_t>(status);
  }
};

}  // namespace netlink
