// Acting in another network namespace.
#pragma once

#include <functional>
#include <string>

#include "os/descriptor.h"

namespace os {

/// A network namespace, held open: it stays usable when its name, or the process it was found by,
/// has gone.
class Namespace {
 public:
  /// That of the calling threads, whichever they are.
  Namespace() = default;
  /// Opens the namespace at `path` (/run/netns/NAME, /proc/PID/ns/net); an empty path is the
  /// callers' own.
  /// @throws Error ENOENT, EACCES ... ("open")
  explicit Namespace(const std::string& path);
  /// The namespace that `descriptor` is open on, through a descriptor of our own.
  /// @throws Error EBADF ("fcntl")
  static Namespace of(int descriptor);

  /// Calls `visit` inside and waits for it.
  ///
  /// Threading: callable from any thread. `visit` runs on a short-lived thread of our own that
  ///   enters the namespace and ends, so that no thread of the caller's, nor of the libuv pool, is
  ///   ever elsewhere; in the callers' own namespace it runs on the calling thread.
  /// @throws Error EINVAL ("setns"): it is no network namespace; EPERM ("setns"): CAP_SYS_ADMIN is
  ///   missing; EAGAIN ("pthread_create"); and what `visit` throws: an Error and a std::bad_alloc
  ///   as it is, from another namespace any other std::exception as a std::runtime_error with the
  ///   same words
  void enter(const std::function<void()>& visit) const;

  /// Calls `open` inside and returns what it opened, which stays of that namespace.
  /// @throws as enter()
  Descriptor open(const std::function<Descriptor()>& open) const;

 private:
  Descriptor descriptor_;
};

}  // namespace os
