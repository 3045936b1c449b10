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

/// The failure of a request, thrown by a function that sends one at a time.
class RequestError : public os::Error {
 public:
  RequestError(Status status, int error, std::string syscall, std::string text = {});
  RequestError(const Failure& failure, std::string syscall);

  Status status() const { return status_; }
  /// The failure of request `index`, which could not be executed because of this error.
  Failure failure(size_t index) const { return {index, error(), status_, text()}; }

 private:
  Status status_;
};

/// True if the failure is a lost reply after which the request can be repeated. After a timeout
/// nothing more is sent.
bool is_repeatable(const Failure& failure);

/// The failure of a request that depends on a query which failed: the request was not sent, even
/// where the reply to the query was lost.
Failure not_sent(Failure failure);

}  // namespace netlink
