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
#include "binding/response.h"
#include "os/descriptor.h"
#include "os/thread.h"
#include "rtnl/monitor.h"

namespace binding {

struct Watcher::Poller {
  explicit Poller(rtnl::Monitor opened)
      : monitor(std::move(opened)), wake_event(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (!wake_event) throw os::Error(errno, "eventfd");
  }
  ~Poller() { stop(); }

  void wake() const {
    const uint64_t one = 1;
    // The counter cannot overflow: the thread clears it.
    static_cast<void>(!::write(wake_event.get(), &one, sizeof one));
  }
  void arm() {
    armed = true;
    wake();
  }
  /// Ends the thread, waits for it, and closes the socket.
  void stop() {
    stopping = true;
    wake();
    thread.reset();
    monitor.reset();
  }
  /// Ends the use of the function, which must exist unless this was called before. Newer versions
  /// of Node.js keep it until then, even after the end of the environment.
  void release() {
    if (!std::exchange(released, true)) notify.Release();
  }
  /// The body of the thread. `notify` fails only if the environment ends.
  void wait() {
    while (!stopping) {
      pollfd both[] = {{wake_event.get(), POLLIN, 0}, {monitor->descriptor(), POLLIN, 0}};
      if (::poll(both, armed ? 2 : 1, -1) < 0 && errno != EINTR) return;
      if ((both[0].revents & POLLIN) != 0) {
        uint64_t ignored;
        static_cast<void>(!::read(wake_event.get(), &ignored, sizeof ignored));
      }
      if (stopping || both[1].revents == 0 || !armed.exchange(false)) continue;
      if (notify.NonBlockingCall() != napi_ok) return;
    }
  }

  std::optional<rtnl::Monitor> monitor;  // until it is stopped
  os::Descriptor wake_event;
  std::atomic<bool> armed = true;
  std::atomic<bool> stopping = false;
  Napi::ThreadSafeFunction notify;
  bool released = true;  // the function may no longer exist
  std::optional<os::Thread> thread;
};

std::vector<Watcher::PropertyDescriptor> Watcher::methods() {
  return {
      InstanceMethod<&Watcher::take>("take"),
      InstanceMethod<&Watcher::ref>("ref"),
      InstanceMethod<&Watcher::unref>("unref"),
      InstanceMethod<&Watcher::close>("close"),
  };
}

Watcher::Watcher(const Napi::CallbackInfo& info) : Napi::ObjectWrap<Watcher>(info) {
  const uint32_t types = info[1].ToNumber().Uint32Value();
  try {
    const auto netns = Handle::netns_of(info[0].As<Napi::Object>());
    poller_ = std::make_shared<Poller>(rtnl::Monitor(*netns, types));
    // The finalizer runs before the environment ends; no call of the function may run after it.
    poller_->notify = Napi::ThreadSafeFunction::New(info.Env(), info[2].As<Napi::Function>(),
                                                    "ipvs", 0, 1, [poller = poller_](Napi::Env) {
                                                      poller->stop();
                                                      poller->release();
                                                    });
    poller_->released = false;
    poller_->notify.Unref(info.Env());
    poller_->thread.emplace([poller = poller_.get()] { poller->wait(); });
  } catch (const os::Error& error) {
    if (poller_) poller_->release();
    throw make_error(info.Env(), error);
  }
}

Watcher::~Watcher() {
  if (!poller_) return;
  poller_->stop();
  poller_->release();
}

Napi::Value Watcher::take(const Napi::CallbackInfo& info) {
  return run_now(info.Env(), [&] {
    if (!poller_) throw os::Error(EBADF, "recvmmsg", "the watcher is closed");
    rtnl::Events events = poller_->monitor->take();
    if (!events.more) poller_->arm();
    return to_js(info.Env(), std::move(events));
  });
}

Napi::Value Watcher::ref(const Napi::CallbackInfo& info) {
  if (poller_) poller_->notify.Ref(info.Env());
  return info.Env().Undefined();
}

Napi::Value Watcher::unref(const Napi::CallbackInfo& info) {
  if (poller_) poller_->notify.Unref(info.Env());
  return info.Env().Undefined();
}

Napi::Value Watcher::close(const Napi::CallbackInfo& info) {
  if (poller_) {
    poller_->stop();
    poller_->release();
    poller_.reset();
  }
  return info.Env().Undefined();
}

}  // namespace binding
