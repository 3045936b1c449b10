// Failures of requests.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "os/error.h"

namespace netlink {

/// The status of a request. A protocol adds its own from kFirstOwn on.
enum class Status : uint32_t {
  kPending,   ///< without a result so far
  kDone,      ///< executed
  kRefused,   ///< refused by the kernel, with its errno
  kLost,      ///< sent, but the reply was lost: it may have been executed
  kNotSent,   ///< not executed: the exchange failed before it
  kFirstOwn,  ///< the first status of a protocol's own
};

/// Status `number` of a protocol's own.
constexpr Status own_status(uint32_t number) {
  return static_cast<Status>(static_cast<uint32_t>(Status::kFirstOwn) + number);
}

/// A request that is not known to have succeeded.
struct Failure {
  size_t index;      ///< of the request in its list
  int error;         ///< errno: the kernel's, or the reason why there is no reply
  Status status;     ///< kRefused, kLost, kNotSent, or one of a protocol's own
  std::string text;  ///< the extended acknowledgement, or empty
};

/// The failure of a query that threw `error`.
Failure failure_of(size_t index, const os::Error& error);

/// The failure of a request that depends on a query which failed: the request was not sent, even
/// where the reply to the query was lost.
Failure not_sent(Failure failure);

}  // namespace netlink
