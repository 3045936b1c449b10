#include "test/failures.h"

#include <array>

namespace test {

std::string to_text(const std::vector<netlink::Failure>& failures) {
  static constexpr std::array kStatuses = {"pending", "done", "refused", "lost", "not sent"};
  std::string result;
  for (const auto& failure : failures) {
    if (!result.empty()) result += ", ";
    result += std::to_string(failure.index) + ' ' +
              kStatuses.at(static_cast<size_t>(failure.status)) + ' ' +
              std::to_string(failure.error);
    if (!failure.text.empty()) result += ' ' + failure.text;
  }
  return result;
}

std::string to_text(size_t first, size_t last, netlink::Status status, int error) {
  std::vector<netlink::Failure> failures;
  for (size_t index = first; index < last; ++index) failures.push_back({index, error, status, {}});
  return to_text(failures);
}

}  // namespace test
