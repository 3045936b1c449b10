#include "netlink/namespace.h"

#include <fcntl.h>
#include <sched.h>

#include <cerrno>
#include <stdexcept>
#include <string>

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
  // A std::exception_ptr, which would carry any exception whole, takes a newer library: see floor.h.
  std::function<void()> rethrow;
  Thread([&] {
    try {
      if (::setns(descriptor_.get(), CLONE_NEWNET) != 0) throw Error(errno, "setns");
      visit();
    } catch (const Error& error) {
      rethrow = [error] { throw error; };
    } catch (const std::exception& error) {
      rethrow = [text = std::string(error.what())] { throw std::runtime_error(text); };
    }
  }).join();
  if (rethrow) rethrow();
}

Descriptor Namespace::open(const std::function<Descriptor()>& open) const {
  Descriptor opened;
  enter([&] { opened = open(); });
  return opened;
}

}  // namespace netlink
