#include "os/namespace.h"

#include <fcntl.h>
#include <sched.h>

#include <cerrno>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "os/error.h"
#include "os/thread.h"

namespace os {
Namespace::Namespace(const std::string& path) {
  if (path.empty()) return;
  // O_NONBLOCK: opening a FIFO would otherwise wait for its writer.
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
  // A std::exception_ptr, which holds any exception, needs a newer library: see symbol_versions.h.
  // After std::bad_alloc there may be no memory for a copy of the exception.
  std::optional<Error> failure;
  std::optional<std::string> other;
  bool no_memory = false;
  Thread([&] {
    try {
      try {
        if (::setns(descriptor_.get(), CLONE_NEWNET) != 0) throw Error(errno, "setns");
        visit();
      } catch (Error& error) {
        failure.emplace(std::move(error));
      } catch (const std::bad_alloc&) {
        no_memory = true;
      } catch (const std::exception& error) {
        other.emplace(error.what());
      }
    } catch (const std::bad_alloc&) {
      no_memory = true;
    }
  }).join();
  if (failure) throw std::move(*failure);
  if (no_memory) throw std::bad_alloc();
  if (other) throw std::runtime_error(*other);
}

Descriptor Namespace::open(const std::function<Descriptor()>& open) const {
  Descriptor opened;
  enter([&] { opened = open(); });
  return opened;
}

}  // namespace os
