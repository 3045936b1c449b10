// A value that threads use in turn.
#pragma once

#include <mutex>
#include <utility>

namespace os {

/// Hands its value to one thread at a time: there is no way to the value but under the lock.
template <typename Value>
class Synchronized {
 public:
  Synchronized() = default;
  explicit Synchronized(Value value) : value_(std::move(value)) {}

  /// Calls `action` with the value, and returns its result. Other threads wait meanwhile. `action`
  /// must not come back to the same value.
  template <typename Action>
  auto with(Action action) {
    const std::lock_guard lock(mutex_);
    return action(value_);
  }

 private:
  std::mutex mutex_;
  Value value_{};
};

}  // namespace os
