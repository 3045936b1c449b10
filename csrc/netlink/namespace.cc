#include "netlink/namespace.h"

#include <fcntl.h>
#include <sched.h>

#include <cerrno>
#include <exception>

#include "netlink/error.h"
#include "netlink/thread.h"

namespace netlink {
Namespace::Namespace(const std::string& path) {
  if (path.empty()) return;
  // O_NONBLOCK: a FIFO, which is no namespace either, would keep us waiting for its writer.
  descriptor_ = Descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!descriptor_) throw Error(errno, "open", path);
}

Namespace Namespace::of(int descriptor) {
  Namespace netns;
  netns.descriptor_ = Descriptor(::fcntl(descriptor, F_DUPFD_CLOEXEC, 0));
  if (!netns.descriptor_) throw Error(errno, "fcntl");
  return netns;
}

void Namespace::enter(const std::function<void()>& visit) const {
  if (!descriptor_) return visit();
  std::exception_ptr failure;
  Thread([&] {
    try {
      if (::setns(descriptor_.get(), CLONE_NEWNET) != 0) throw Error(errno, "setns");
      visit();
    } catch (...) {
      failure = std::current_exception();
    }
  }).join();
  if (failure) std::rethrow_exception(failure);
}

Descriptor Namespace::open(const std::function<Descriptor()>& open) const {
  Descriptor opened;
  enter([&] { opened = open(); });
  return opened;
}

}  // namespace netlink
