// A watcher of link and address events, whose events JavaScript takes.
//
// Threading: methods run on the thread of the environment. A thread of the watcher waits until its
//   socket is readable, calls `notify` once, and waits again after the events have been taken. It
//   never reads: the kernel's queue, which is bounded, is the only one.
// Ownership: the watcher owns its socket and its thread, and shares the network namespace of the
//   handle. close(), the garbage collection of the watcher and the end of the environment each end
//   the thread and wait for it. The watcher keeps the process alive only after ref().
// Errors: the errors of make_error(); EBADF ("recvmmsg") after close().
#pragma once

#include <napi.h>

#include <memory>
#include <vector>

namespace binding {

class Watcher : public Napi::ObjectWrap<Watcher> {
 public:
  static std::vector<PropertyDescriptor> methods();

  /// new Watcher(handle: Handle, types: number, notify: () => void)
  /// Watches the events from now on.
  /// @param types  bits of rtnl::Monitor
  explicit Watcher(const Napi::CallbackInfo& info);
  ~Watcher() override;

 private:
  struct Poller;

  /// take(): { events, links, addresses: ArrayBuffer, more: boolean }
  /// Takes pending events. If `more` is false, `notify` is called when there are new ones.
  Napi::Value take(const Napi::CallbackInfo& info);
  /// ref(): void
  Napi::Value ref(const Napi::CallbackInfo& info);
  /// unref(): void
  Napi::Value unref(const Napi::CallbackInfo& info);
  /// close(): void
  Napi::Value close(const Napi::CallbackInfo& info);

  std::shared_ptr<Poller> poller_;  // null while closed
};

}  // namespace binding
