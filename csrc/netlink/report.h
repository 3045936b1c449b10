// What became of the requests of a batch.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <type_traits>
#include <vector>

#include "netlink/socket.h"
#include "os/error.h"

namespace netlink {

enum class Status : uint32_t {
  kPending,   ///< no word yet
  kDone,      ///< carried out
  kRefused,   ///< the kernel said no; the errno is its
  kLost,      ///< sent, and the answer lost: it may have been carried out
  kNotSent,   ///< not carried out: the transport failed before it
  kFirstOwn,  ///< from here on, what a protocol has of its own
};

/// A status of a protocol's own.
constexpr Status own_status(uint32_t number) {
  return static_cast<Status>(static_cast<uint32_t>(Status::kFirstOwn) + number);
}

/// The status of what a transport failed to carry out.
constexpr Status status_of(Fate fate) {
  constexpr Status kStatus[] = {Status::kRefused, Status::kLost, Status::kNotSent};
  return kStatus[static_cast<size_t>(fate)];
}

/// What a reading threw, as the failure of the request at `index`.
Failure failure_of(size_t index, const os::Error& error);

/// An outcome for each request, in order. An Outcome is a record with the fields `error` (errno, or
/// 0), `status` (Status) and `text` (1 + the place of the kernel's words in `texts`, or 0).
template <typename Outcome>
struct Report {
  static_assert(std::is_trivially_copyable_v<Outcome> && std::is_standard_layout_v<Outcome>);
  static_assert(std::has_unique_object_representations_v<Outcome>);

  std::vector<Outcome> outcomes;
  std::vector<std::string> texts;

  void done(size_t request) { outcomes[request].status = static_cast<uint32_t>(Status::kDone); }
  bool is_pending(size_t request) const { return has(request, Status::kPending); }
  bool is_done(size_t request) const { return has(request, Status::kDone); }
  /// Whether all requests are done, and there is nothing more to be said of any.
  bool is_plain() const {
    static constexpr Outcome kPlain = [] {
      Outcome outcome{};
      outcome.status = static_cast<uint32_t>(Status::kDone);
      return outcome;
    }();
    return std::all_of(outcomes.begin(), outcomes.end(), [](const Outcome& outcome) {
      return std::memcmp(&outcome, &kPlain, sizeof outcome) == 0;
    });
  }
  void fail(size_t request, Status status, int error, const std::string& text = {}) {
    Outcome& outcome = outcomes[request];
    outcome.status = static_cast<uint32_t>(status);
    outcome.error = error;
    if (text.empty()) return;
    texts.push_back(text);
    outcome.text = static_cast<uint32_t>(texts.size());
  }
  void fail(size_t request, const Failure& failure) {
    fail(request, status_of(failure.fate), failure.error, failure.text);
  }

 private:
  bool has(size_t request, Status status) const {
    return outcomes[request].status == static_cast<uint32_t>(status);
  }
};

}  // namespace netlink
