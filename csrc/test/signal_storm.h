// Signals that interrupt system calls.
#pragma once

#include <atomic>
#include <cstddef>
#include <thread>

namespace test {

/// Sends signals to the thread that created it every 50 microseconds.
class SignalStorm {
 public:
  SignalStorm();
  ~SignalStorm();
  SignalStorm(const SignalStorm&) = delete;
  SignalStorm& operator=(const SignalStorm&) = delete;

  /// Returns how many signals were handled.
  static size_t handled();

 private:
  std::atomic<bool> ended_ = false;
  std::thread thread_;
};

}  // namespace test
