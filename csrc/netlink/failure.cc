#include "netlink/failure.h"

#include <cerrno>
#include <utility>

namespace netlink {

RequestError::RequestError(Status status, int error, std::string syscall, std::string text)
    : os::Error(error, std::move(syscall), std::move(text)), status_(status) {}

RequestError::RequestError(const Failure& failure, std::string syscall)
    : RequestError(failure.status, failure.error, std::move(syscall), failure.text) {}

bool is_repeatable(const Failure& failure) {
  return failure.status == Status::kLost && failure.error != ETIMEDOUT;
}

Failure not_sent(Failure failure) {
  if (failure.status == Status::kLost) failure.status = Status::kNotSent;
  return failure;
}

}  // namespace netlink
