#include "ipvs/module_loader.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <string>

#include "os/descriptor.h"
#include "os/error.h"
#include "os/thread.h"

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71
#endif

namespace ipvs::module_loader {
namespace {

using Clock = std::chrono::steady_clock;

struct Load : std::enable_shared_from_this<Load> {
  Scope scope;
  Clock::time_point deadline;
  os::Descriptor ended{::eventfd(0, EFD_CLOEXEC)};  // readable when the load has ended
  Load* next = nullptr;

  // Waits for the end of the load, until its deadline. Returns false if it is still running.
  bool wait() const {
    for (;;) {
      const auto remaining =
          std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
      pollfd waited{.fd = ended.get(), .events = POLLIN, .revents = 0};
      const int ready =
          ::poll(&waited, 1, static_cast<int>(std::max<int64_t>(0, remaining.count())));
      if (ready > 0) return true;
      if (ready == 0 || Clock::now() >= deadline) return false;
    }
  }
};

// The running loads. A thread that is left alone may end after the destructors of the process have
// run, so none of these variables has one.
std::mutex mutex;
Load* first = nullptr;
std::atomic<unsigned> count{0};  // while it is 0, nobody takes the lock

void enter(Load& load) {
  const std::lock_guard lock(mutex);
  load.next = first;
  first = &load;
  ++count;
}

void leave(const Load& load) {
  {
    const std::lock_guard lock(mutex);
    Load** place = &first;
    while (*place != &load) place = &(*place)->next;
    *place = load.next;
    --count;
  }
  const uint64_t one = 1;
  // Cannot fail: the counter is 0 before.
  [[maybe_unused]] const ssize_t written = ::write(load.ended.get(), &one, sizeof one);
}

std::shared_ptr<Load> find(Scope scope) {
  const std::lock_guard lock(mutex);
  for (Load* load = first; load != nullptr; load = load->next) {
    if (load->scope == scope) return load->shared_from_this();
  }
  return nullptr;
}

// Linux 7 has one lock of IPVS for each network namespace, Linux 6 one for all.
bool locks_by_namespace() {
  utsname names{};
  return ::uname(&names) == 0 && std::atoi(names.release) >= 7;
}

}  // namespace

Scope scope_of(int descriptor) {
  static const bool by_namespace = locks_by_namespace();
  uint64_t cookie = 0;
  socklen_t length = sizeof cookie;
  if (by_namespace) ::getsockopt(descriptor, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &length);
  return cookie;
}

bool wait_for_loads(Scope scope) {
  while (count != 0) {
    const auto load = find(scope);
    if (!load) break;
    if (!load->wait()) return false;
  }
  return true;
}

bool run(Scope scope, std::function<void()> work, std::chrono::milliseconds deadline) {
  const auto load = std::make_shared<Load>();
  load->deadline = Clock::now() + deadline;
  load->scope = scope;
  if (!load->ended) throw os::Error(errno, "eventfd");
  enter(*load);
  try {
    os::Thread::start_detached([load, work = std::move(work)] {
      work();
      leave(*load);
    });
  } catch (...) {
    leave(*load);
    throw;
  }
  return load->wait();
}

bool is_loaded(std::string module) {
  std::replace(module.begin(), module.end(), '-', '_');
  return ::access(("/sys/module/" + module).c_str(), F_OK) == 0;
}

}  // namespace ipvs::module_loader
