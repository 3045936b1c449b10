// Network namespaces.
#pragma once

#include <functional>
#include <string>

#include "os/descriptor.h"

namespace os {

/// A network namespace, kept open: it stays usable when its name is deleted, or the process ends
/// that it was opened through.
class Namespace {
 public:
  /// The namespace of whichever thread calls.
  Namespace() = default;
  /// Opens the namespace at `path` (/run/netns/NAME, /proc/PID/ns/net). An empty path is the
  /// namespace of whichever thread calls.
  /// @throws Error ENOENT, EACCES ... ("open")
  explicit Namespace(const std::string& path);
  /// Returns the namespace of an open descriptor, which is duplicated.
  /// @throws Error EBADF ("fcntl")
  static Namespace of(int descriptor);
  /// Makes a network namespace. It has only a loopback link, which is down. The kernel deletes it
  /// when nothing holds it any more: no descriptor, no socket, no process.
  ///
  /// Threading: callable from any thread. A thread of its own makes the namespace and ends, so that
  ///   no other thread changes its namespace.
  /// @throws Error EPERM ("unshare"): no CAP_SYS_ADMIN; ENOSPC ("unshare"): user.max_net_namespaces
  ///   is reached; EMFILE, ENFILE, ENOENT ("open"): of the descriptor; EAGAIN ("pthread_create");
  ///   std::bad_alloc
  static Namespace create();

  /// Calls `visit` in the namespace and waits for it.
  ///
  /// Threading: callable from any thread. `visit` runs on a thread of its own that enters the
  ///   namespace and ends, so that neither the caller nor a thread of the libuv pool ever changes
  ///   its namespace. In the caller's own namespace `visit` runs on the calling thread.
  /// @throws Error EINVAL ("setns"): not a network namespace; EPERM ("setns"): no CAP_SYS_ADMIN;
  ///   EAGAIN ("pthread_create"). An Error or std::bad_alloc that `visit` throws. From another
  ///   namespace, any other std::exception becomes a std::runtime_error with the same message
  void enter(const std::function<void()>& visit) const;

  /// Calls `open` in the namespace and returns the descriptor, which stays in that namespace.
  /// @throws as enter()
  Descriptor open(const std::function<Descriptor()>& open) const;

  /// Returns the descriptor of the namespace; -1 for that of whichever thread calls.
  int descriptor() const { return descriptor_.get(); }
  /// Returns the path of the descriptor under /proc, by which other processes find the namespace
  /// while the descriptor is open.
  /// @throws Error ENOENT ("readlink"): no proc file system is mounted
  std::string path() const;

 private:
  Descriptor descriptor_;
};

}  // namespace os
