// A value with a lock.
#pragma once

#include <mutex>
#include <utility>

namespace os {

/// A value that one thread at a time can use: it is accessible only under its lock.
template <typename Value>
class Synchronized {
 public:
  Synchronized() = default;
  explicit Synchronized(Value value) : value_(std::move(value)) {}

  /// Calls `action` with the value and returns its result. Other threads wait meanwhile. `action`
  /// must not use the same Synchronized again.
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
