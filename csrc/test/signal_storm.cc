#include "test/signal_storm.h"

#include <pthread.h>

#include <chrono>
#include <csignal>

namespace test {
namespace {

std::atomic<size_t> signals_handled{0};
void count_signal(int /*signal*/) { signals_handled.fetch_add(1, std::memory_order_relaxed); }

}  // namespace

SignalStorm::SignalStorm() {
  struct sigaction action {};
  action.sa_handler = count_signal;  // and no SA_RESTART
  ::sigaction(SIGUSR1, &action, nullptr);
  signals_handled = 0;
  thread_ = std::thread([this, target = ::pthread_self()] {
    while (!ended_) {
      ::pthread_kill(target, SIGUSR1);
      std::this_thread::sleep_for(std::chrono::microseconds(50));
    }
  });
}

SignalStorm::~SignalStorm() {
  ended_ = true;
  thread_.join();
}

size_t SignalStorm::handled() { return signals_handled; }

}  // namespace test
