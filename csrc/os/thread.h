// A thread of our own.
#pragma once

#include <pthread.h>

#include <functional>

namespace os {

/// Takes no signals: those of the process are for the threads that the program knows of.
class Thread {
 public:
  /// @throws Error EAGAIN ("pthread_create")
  explicit Thread(std::function<void()> body);
  Thread(const Thread&) = delete;
  Thread& operator=(const Thread&) = delete;
  /// Waits for it.
  ~Thread() { join(); }

  /// Runs `body`, which owns what it uses, on a thread that nobody waits for: it may outlive all
  /// but the process. The addon is never unloaded (binding.gyp), so that its code stays there.
  /// @throws Error EAGAIN ("pthread_create")
  static void leave_alone(std::function<void()> body);

  /// Waits for its end; again does nothing.
  void join();

 private:
  std::function<void()> body_;  // which must not throw
  pthread_t thread_{};
  bool joinable_ = false;
};

}  // namespace os
