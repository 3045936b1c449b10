#include "netlink/report.h"

#include <algorithm>
#include <cerrno>
#include <iterator>

namespace netlink {

Failure failure_of(size_t index, const os::Error& error) {
  static constexpr int kTransport[] = {EBADMSG, EINTR, ENOBUFS, ETIMEDOUT};
  const int* end = std::end(kTransport);
  const bool lost = std::find(std::begin(kTransport), end, error.error()) != end;
  return {index, error.error(), lost ? Fate::kLost : Fate::kRefused, error.text()};
}

}  // namespace netlink
