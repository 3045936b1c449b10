// Measured time, and the deadlines that tests compare it with.
#pragma once

#include <chrono>

namespace test {

/// The deadline of a socket whose kernel does not reply.
constexpr std::chrono::milliseconds kShort{100};
/// The most that kShort may take on the slowest machine, and far less than forever.
constexpr std::chrono::milliseconds kSoon{5000};

class Stopwatch {
 public:
  std::chrono::milliseconds elapsed() const {
    return std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - start_);
  }

 private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point start_ = Clock::now();
};

}  // namespace test
