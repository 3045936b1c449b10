// Threads.
#pragma once

#include <pthread.h>

#include <functional>

namespace os {

/// A thread with all signals blocked: those of the process are for the threads of the program.
class Thread {
 public:
  /// @throws Error EAGAIN ("pthread_create")
  explicit Thread(std::function<void()> body);
  Thread(const Thread&) = delete;
  Thread& operator=(const Thread&) = delete;
  /// Waits for the end of the thread.
  ~Thread();

  /// Runs `body` on a thread that nobody waits for. `body` must own what it uses. The addon is
  /// never unloaded (binding.gyp), so that the code of the thread stays mapped.
  /// @throws Error EAGAIN ("pthread_create")
  static void start_detached(std::function<void()> body);

 private:
  std::function<void()> body_;  // must not throw
  pthread_t thread_{};
};

}  // namespace os
