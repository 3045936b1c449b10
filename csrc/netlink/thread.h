// A thread of our own.
#pragma once

#include <pthread.h>

#include <functional>

namespace netlink {

/// Takes no signals: those of the process are for the threads that the program knows of.
class Thread {
 public:
  /// @throws Error EAGAIN ("pthread_create")
  explicit Thread(std::function<void()> body);
  Thread(const Thread&) = delete;
  Thread& operator=(const Thread&) = delete;
  /// Waits for it.
  ~Thread() { join(); }

  /// Waits for its end; again does nothing.
  void join();

 private:
  std::function<void()> body_;  // which must not throw
  pthread_t thread_{};
  bool joinable_ = false;
};

}  // namespace netlink
