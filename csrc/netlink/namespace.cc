#include "netlink/namespace.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>

#include <cerrno>
#include <stdexcept>
#include <string>

#include "netlink/error.h"
#include "netlink/floor.h"

namespace netlink {
namespace {

struct Visit {
  int target;
  const std::function<void()>& action;
  std::function<void()> rethrow;
};

void* run(void* argument) {
  auto& visit = *static_cast<Visit*>(argument);
  try {
    if (::setns(visit.target, CLONE_NEWNET) != 0) throw Error(errno, "setns");
    visit.action();
  } catch (const Error& error) {
    visit.rethrow = [error] { throw error; };
  } catch (const std::exception& error) {
    // A std::exception_ptr, which would carry it whole, takes a newer library: see floor.h.
    visit.rethrow = [text = std::string(error.what())] { throw std::runtime_error(text); };
  }
  return nullptr;
}

}  // namespace

Namespace::Namespace(const std::string& path) {
  if (path.empty()) return;
  // O_NONBLOCK: a FIFO, which is no namespace either, would keep us waiting for its writer.
  descriptor_ = Descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!descriptor_) throw Error(errno, "open", path);
}

void Namespace::enter(const std::function<void()>& visit) const {
  if (!descriptor_) return visit();
  Visit argument{descriptor_.get(), visit, {}};

  // The thread inherits a full mask: a signal of the process must not be handled in the other
  // namespace.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pthread_t thread;
  const int error = pthread_create(&thread, nullptr, run, &argument);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (error != 0) throw Error(error, "pthread_create");
  pthread_join(thread, nullptr);
  if (argument.rethrow) argument.rethrow();
}

Descriptor Namespace::open(const std::function<Descriptor()>& open) const {
  Descriptor opened;
  enter([&] { opened = open(); });
  return opened;
}

}  // namespace netlink
