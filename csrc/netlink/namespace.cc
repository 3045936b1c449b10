#include "netlink/namespace.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>

#include <cerrno>
#include <exception>

#include "netlink/error.h"

namespace netlink {
namespace {

struct Visit {
  int target;
  const std::function<Descriptor()>& open;
  Descriptor opened;
  std::exception_ptr failure;
};

void* enter(void* argument) {
  auto& visit = *static_cast<Visit*>(argument);
  try {
    if (::setns(visit.target, CLONE_NEWNET) != 0) throw Error(errno, "setns");
    visit.opened = visit.open();
  } catch (...) {
    visit.failure = std::current_exception();
  }
  return nullptr;
}

}  // namespace

Descriptor open_in_namespace(const std::string& path, const std::function<Descriptor()>& open) {
  const Descriptor target(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!target) throw Error(errno, "open", path);
  Visit visit{target.get(), open, {}, nullptr};

  // The thread inherits a full mask: a signal of the process must not be handled in the other
  // namespace.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pthread_t thread;
  const int error = pthread_create(&thread, nullptr, enter, &visit);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (error != 0) throw Error(error, "pthread_create");
  pthread_join(thread, nullptr);

  if (visit.failure) std::rethrow_exception(visit.failure);
  return std::move(visit.opened);
}

}  // namespace netlink
