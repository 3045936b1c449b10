#include "binding/watcher.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <optional>
#include <utility>

#include "binding/error.h"
#include "binding/handle.h"
#include "binding/results.h"
#include "netlink/descriptor.h"
#include "netlink/thread.h"
#include "rtnl/monitor.h"

namespace binding {

struct Watcher::Waiting {
  explicit Waiting(rtnl::Monitor opened)
      : monitor(std::move(opened)), wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (!wake) throw netlink::Error(errno, "eventfd");
  }
  ~Waiting() { stop(); }

  void rouse() const {
    const uint64_t one = 1;
    // It cannot fill up: the thread clears it.
    static_cast<void>(!::write(wake.get(), &one, sizeof one));
  }
  void arm() {
    armed = true;
    rouse();
  }
  /// Ends the thread, waits for it, and closes the socket.
  void stop() {
    stopping = true;
    rouse();
    thread.reset();
    monitor.reset();
  }
  /// The thread's. `notify` may fail only because the environment ends.
  void wait(const Napi::ThreadSafeFunction& notify) {
    while (!stopping) {
      pollfd both[] = {{wake.get(), POLLIN, 0}, {monitor->descriptor(), POLLIN, 0}};
      if (::poll(both, armed ? 2 : 1, -1) < 0 && errno != EINTR) return;
      if ((both[0].revents & POLLIN) != 0) {
        uint64_t ignored;
        static_cast<void>(!::read(wake.get(), &ignored, sizeof ignored));
      }
      if (stopping || both[1].revents == 0 || !armed.exchange(false)) continue;
      if (notify.NonBlockingCall() != napi_ok) return;
    }
  }

  std::optional<rtnl::Monitor> monitor;  // until it is stopped
  netlink::Descriptor wake;
  std::atomic<bool> armed = true;
  std::atomic<bool> stopping = false;
  bool finalized = false;  // the function is gone: with the environment, or released
  std::optional<netlink::Thread> thread;
};

Napi::Function Watcher::define(Napi::Env env) {
  return DefineClass(env, "Watcher",
                     {
                         InstanceMethod<&Watcher::take>("take"),
                         InstanceMethod<&Watcher::ref>("ref"),
                         InstanceMethod<&Watcher::unref>("unref"),
                         InstanceMethod<&Watcher::close>("close"),
                     });
}

Watcher::Watcher(const Napi::CallbackInfo& info) : Napi::ObjectWrap<Watcher>(info) {
  const uint32_t types = info[1].ToNumber().Uint32Value();
  try {
    const auto netns = Handle::netns_of(info[0].As<Napi::Object>());
    waiting_ = std::make_shared<Waiting>(rtnl::Monitor(*netns, types));
    // The finalizer runs before the environment ends: no call may be under way then.
    notify_ = Napi::ThreadSafeFunction::New(info.Env(), info[2].As<Napi::Function>(), "ipvs", 0, 1,
                                            [waiting = waiting_](Napi::Env) {
                                              waiting->stop();
                                              waiting->finalized = true;
                                            });
    notify_.Unref(info.Env());
    waiting_->thread.emplace(
        [waiting = waiting_.get(), notify = notify_] { waiting->wait(notify); });
  } catch (const netlink::Error& error) {
    if (notify_) notify_.Release();
    throw make_error(info.Env(), error);
  }
}

Watcher::~Watcher() {
  if (!waiting_) return;
  waiting_->stop();
  if (!waiting_->finalized) notify_.Release();
}

Napi::Value Watcher::take(const Napi::CallbackInfo& info) {
  try {
    if (!waiting_) throw netlink::Error(EBADF, "recvmmsg", "the watcher is closed");
    rtnl::Events events = waiting_->monitor->take();
    if (!events.more) waiting_->arm();
    return to_js(info.Env(), std::move(events));
  } catch (const netlink::Error& error) {
    throw make_error(info.Env(), error);
  }
}

Napi::Value Watcher::ref(const Napi::CallbackInfo& info) {
  if (waiting_) notify_.Ref(info.Env());
  return info.Env().Undefined();
}

Napi::Value Watcher::unref(const Napi::CallbackInfo& info) {
  if (waiting_) notify_.Unref(info.Env());
  return info.Env().Undefined();
}

Napi::Value Watcher::close(const Napi::CallbackInfo& info) {
  if (waiting_) {
    waiting_->stop();
    waiting_.reset();
    notify_.Release();
  }
  return info.Env().Undefined();
}

}  // namespace binding
