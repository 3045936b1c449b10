// Failures of a batch as text, for comparisons.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "netlink/socket.h"

namespace test {

/// Returns the failures as text, such as "3 refused 2 no such thing, 5 lost 61".
std::string to_text(const std::vector<netlink::Failure>& failures);
/// Returns the text of failures with one status and errno for the messages [first, last).
std::string to_text(size_t first, size_t last, netlink::Status status, int error);

}  // namespace test
