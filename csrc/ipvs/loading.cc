#include "ipvs/loading.h"

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

namespace ipvs::loading {
namespace {

using Clock = std::chrono::steady_clock;

struct Load : std::enable_shared_from_this<Load> {
  Scope scope;
  Clock::time_point end;
  os::Descriptor over{::eventfd(0, EFD_CLOEXEC)};  // readable once it is
  Load* next = nullptr;

  // Waits for its end. False: the time is over.
  bool wait() const {
    for (;;) {
      const auto rest = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now());
      pollfd waited{.fd = over.get(), .events = POLLIN, .revents = 0};
      const int ready = ::poll(&waited, 1, static_cast<int>(std::max<int64_t>(0, rest.count())));
      if (ready > 0) return true;
      if (ready == 0 || Clock::now() >= end) return false;
    }
  }
};

// Those that are under way. A thread that the process does not wait for may end after the process's
// destructors have run: nothing of this has one.
std::mutex mutex;
Load* first = nullptr;
std::atomic<unsigned> count{0};  // saves the others the lock

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
  // Can only fail where it was written already.
  [[maybe_unused]] const ssize_t written = ::write(load.over.get(), &one, sizeof one);
}

std::shared_ptr<Load> find(Scope scope) {
  const std::lock_guard lock(mutex);
  for (Load* load = first; load != nullptr; load = load->next) {
    if (load->scope == scope) return load->shared_from_this();
  }
  return nullptr;
}

// Linux 7 locks IPVS for each network namespace.
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

bool settled(Scope scope) {
  while (count != 0) {
    const auto load = find(scope);
    if (!load) break;
    if (!load->wait()) return false;
  }
  return true;
}

bool run(Scope scope, std::function<void()> work, std::chrono::milliseconds deadline) {
  const auto load = std::make_shared<Load>();
  load->end = Clock::now() + deadline;
  load->scope = scope;
  if (!load->over) throw os::Error(errno, "eventfd");
  enter(*load);
  try {
    os::Thread::leave_alone([load, work = std::move(work)] {
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

}  // namespace ipvs::loading
