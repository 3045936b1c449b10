// Events of links and addresses, as JavaScript takes them. lib/links/watcher.ts wraps it.
//
// Threading: methods run on the thread of the environment. A thread of our own waits for the socket to
//   become readable, says so once, and waits again when the events were taken: it never reads, so
//   that the kernel's queue, which is bounded, is the only one.
// Life: the watcher has a share of the handle's namespace. close(), the collection of the watcher and
//   the end of the environment end the thread, and wait for that; it does not keep the process alive
//   unless ref() asks for it.
#pragma once

#include <napi.h>

#include <memory>

namespace binding {

class Watcher : public Napi::ObjectWrap<Watcher> {
 public:
  static Napi::Function define(Napi::Env env);

  /// new Watcher(handle: Handle, types: number, notify: () => void). Events from now on are seen.
  explicit Watcher(const Napi::CallbackInfo& info);
  ~Watcher() override;

 private:
  struct Waiting;

  /// take(): { events, links, addresses: ArrayBuffer, more: boolean }. Without `more`, notify is
  /// called when there is something again.
  Napi::Value take(const Napi::CallbackInfo& info);
  /// ref(): void, unref(): void. Whether waiting keeps the process alive.
  Napi::Value ref(const Napi::CallbackInfo& info);
  Napi::Value unref(const Napi::CallbackInfo& info);
  /// close(): void
  Napi::Value close(const Napi::CallbackInfo& info);

  std::shared_ptr<Waiting> waiting_;
  Napi::ThreadSafeFunction notify_;
};

}  // namespace binding
