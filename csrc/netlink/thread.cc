#include "netlink/thread.h"

#include <signal.h>

#include <utility>

#include "netlink/error.h"

namespace netlink {

// Not std::thread: it needs a newer libstdc++ than the Node.js that we are to load into.
Thread::Thread(std::function<void()> body) : body_(std::move(body)) {
  // It inherits a full mask.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  const int error = pthread_create(
      &thread_, nullptr,
      [](void* self) -> void* {
        static_cast<Thread*>(self)->body_();
        return nullptr;
      },
      this);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (error != 0) throw Error(error, "pthread_create");
  joinable_ = true;
}

void Thread::join() {
  if (!joinable_) return;
  pthread_join(thread_, nullptr);
  joinable_ = false;
}

}  // namespace netlink
