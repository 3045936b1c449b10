#include "os/thread.h"

#include <doctest/doctest.h>
#include <pthread.h>
#include <signal.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <functional>
#include <thread>

using os::Thread;

namespace {

// Long enough to notice a thread that was not joined.
constexpr std::chrono::milliseconds kPause{50};

std::atomic<int> handled{0};
void count_signal(int /*signal*/) { handled.fetch_add(1); }

void run_on_thread(const std::function<void()>& body) { const Thread thread(body); }

}  // namespace

TEST_CASE("the body runs on a thread of its own, and the destructor waits for its end") {
  const pthread_t caller = ::pthread_self();
  bool on_another_thread = false;
  bool ended = false;
  {
    const Thread thread([&] {
      on_another_thread = ::pthread_equal(::pthread_self(), caller) == 0;
      std::this_thread::sleep_for(kPause);
      ended = true;
    });
  }
  CHECK(on_another_thread);
  CHECK(ended);
}

TEST_CASE("threads run in parallel") {
  std::atomic<int> arrived{0};
  const auto meet = [&] {
    ++arrived;
    while (arrived < 2) std::this_thread::yield();
  };
  {
    const Thread first(meet);
    const Thread second(meet);
  }
  CHECK(arrived == 2);
}

TEST_CASE("a thread blocks all signals, and its creator keeps its own mask") {
  sigset_t all;
  ::sigfillset(&all);
  sigset_t before;
  ::pthread_sigmask(SIG_SETMASK, nullptr, &before);
  int unblocked = 0;
  run_on_thread([&] {
    sigset_t mask;
    ::pthread_sigmask(SIG_SETMASK, nullptr, &mask);
    for (int signal = 1; signal <= SIGRTMAX; ++signal) {
      // SIGKILL and SIGSTOP cannot be blocked.
      if (signal == SIGKILL || signal == SIGSTOP) continue;
      if (::sigismember(&all, signal) == 1 && ::sigismember(&mask, signal) == 0) ++unblocked;
    }
  });
  CHECK(unblocked == 0);
  sigset_t after;
  ::pthread_sigmask(SIG_SETMASK, nullptr, &after);
  for (int signal = 1; signal <= SIGRTMAX; ++signal) {
    CHECK(::sigismember(&before, signal) == ::sigismember(&after, signal));
  }
}

TEST_CASE("a signal sent to a thread stays pending and is never handled") {
  struct sigaction action {};
  struct sigaction before {};
  action.sa_handler = count_signal;
  ::sigaction(SIGUSR2, &action, &before);
  handled = 0;
  bool pending = false;
  run_on_thread([&] {
    ::pthread_kill(::pthread_self(), SIGUSR2);
    sigset_t waiting;
    ::sigpending(&waiting);
    pending = ::sigismember(&waiting, SIGUSR2) == 1;
  });
  CHECK(pending);
  CHECK(handled == 0);
  ::sigaction(SIGUSR2, &before, nullptr);
}
