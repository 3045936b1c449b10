// Counters of what a transport does again.
//
// Threading: any thread; a reader may be one step behind the transport.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

#include "netlink/failure.h"

namespace netlink {

struct Recoveries {
  std::atomic<uint64_t> repeated_requests{0};  ///< sent again, since that cannot do any harm
  std::atomic<uint64_t> lost_replies{0};       ///< lost, malformed or late
  std::atomic<uint64_t> repeated_lists{0};     ///< read again, because they were disturbed

  /// Counts the failures of requests whose reply was lost.
  void count_lost(std::span<const Failure> failures) {
    for (const Failure& failure : failures) {
      if (failure.status == Status::kLost) ++lost_replies;
    }
  }
};

}  // namespace netlink
