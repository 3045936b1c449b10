#include "os/namespace.h"

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "os/error.h"
#include "os/thread.h"

namespace os {
namespace {

constexpr const char* kOwnNamespace = "/proc/thread-self/ns/net";

// Calls `body` on a thread of its own and waits for it. Throws the Error or std::bad_alloc that
// `body` throws, and a std::runtime_error with the message of any other std::exception.
void call_on_thread(const std::function<void()>& body) {
  // A std::exception_ptr, which holds any exception, needs a newer library: see symbol_versions.h.
  // After std::bad_alloc there may be no memory for a copy of the exception.
  std::optional<Error> failure;
  std::optional<std::string> other;
  bool no_memory = false;
  const auto run = [&] {
    try {
      try {
        body();
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
  };
  { const Thread thread(run); }
  if (failure) throw std::move(*failure);
  if (no_memory) throw std::bad_alloc();
  if (other) throw std::runtime_error(*other);
}

}  // namespace

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

Namespace Namespace::create() {
  Namespace created;
  call_on_thread([&] {
    if (::unshare(CLONE_NEWNET) != 0) throw Error(errno, "unshare");
    created = Namespace(kOwnNamespace);
  });
  return created;
}

void Namespace::enter(const std::function<void()>& visit) const {
  if (!descriptor_) return visit();
  call_on_thread([&] {
    if (::setns(descriptor_.get(), CLONE_NEWNET) != 0) throw Error(errno, "setns");
    visit();
  });
}

Descriptor Namespace::open(const std::function<Descriptor()>& open) const {
  Descriptor opened;
  enter([&] { opened = open(); });
  return opened;
}

std::string Namespace::path() const {
  // Not getpid(), because the proc file system may be that of another PID namespace.
  std::array<char, 16> process{};
  const ssize_t length = ::readlink("/proc/self", process.data(), process.size());
  if (length < 0) throw Error(errno, "readlink", "/proc/self");
  return "/proc/" + std::string(process.data(), static_cast<size_t>(length)) + "/fd/" +
         std::to_string(descriptor_.get());
}

}  // namespace os
