#include "os/thread.h"

#include <signal.h>

#include <memory>
#include <utility>

#include "os/error.h"

namespace os {

namespace {

using Body = std::function<void()>;

// Starts a thread with all signals blocked. Returns the errno of pthread_create, or 0.
int start(pthread_t& thread, void* (*run)(void*), void* argument) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  const int error = pthread_create(&thread, nullptr, run, argument);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return error;
}

}  // namespace

// Not std::thread, which needs a newer libstdc++ than Node.js does.
Thread::Thread(std::function<void()> body) : body_(std::move(body)) {
  const auto run = [](void* self) -> void* {
    static_cast<Thread*>(self)->body_();
    return nullptr;
  };
  if (const int error = start(thread_, run, this); error != 0) throw Error(error, "pthread_create");
}

Thread::~Thread() { pthread_join(thread_, nullptr); }

void Thread::start_detached(std::function<void()> body) {
  auto owned = std::make_unique<Body>(std::move(body));
  const auto run = [](void* argument) -> void* {
    const std::unique_ptr<Body> mine(static_cast<Body*>(argument));
    (*mine)();
    return nullptr;
  };
  pthread_t thread{};
  if (const int error = start(thread, run, owned.get()); error != 0) {
    throw Error(error, "pthread_create");
  }
  pthread_detach(thread);
  static_cast<void>(owned.release());
}

}  // namespace os
