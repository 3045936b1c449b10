// Descriptors that child processes inherit.
#pragma once

#include <fcntl.h>

#include <cstddef>
#include <filesystem>
#include <string>

namespace test {

/// Returns how many descriptors are open without FD_CLOEXEC.
inline size_t inherited_descriptors() {
  size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    const int flags = ::fcntl(std::stoi(entry.path().filename()), F_GETFD);
    if (flags != -1 && (flags & FD_CLOEXEC) == 0) ++count;
  }
  return count;
}

}  // namespace test
