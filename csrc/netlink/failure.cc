#include "netlink/failure.h"

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <utility>

namespace netlink {

Failure failure_of(size_t index, const os::Error& error) {
  static constexpr int kTransport[] = {EBADMSG, EINTR, ENOBUFS, ETIMEDOUT};
  const int* end = std::end(kTransport);
  const bool lost = std::find(std::begin(kTransport), end, error.error()) != end;
  return {index, error.error(), lost ? Status::kLost : Status::kRefused, error.text()};
}

Failure not_sent(Failure failure) {
  if (failure.status == Status::kLost) failure.status = Status::kNotSent;
  return failure;
}

}  // namespace netlink
