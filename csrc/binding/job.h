// Work on the libuv pool that settles a promise.
//
// Threading: `work` runs on a thread of the pool and sees no Node-API; everything else on the
//   thread of its environment. The job owns itself and what both functions hold, and is freed after
//   it has settled.
// Teardown: an environment that ends, as a terminated worker's does, waits for the pool's work; the
//   settling then fails, which nobody is left to see, and the job is freed all the same.
#pragma once

#include <napi.h>

#include <functional>
#include <optional>

#include "netlink/error.h"

namespace binding {

class Job : public Napi::AsyncWorker {
 public:
  using Work = std::function<void()>;
  using Finish = std::function<Napi::Value(Napi::Env)>;

  /// Queues `work`; the promise resolves to what `finish` makes afterwards, or rejects with what one
  /// of the two threw: a std::bad_alloc as an Error of these words.
  static Napi::Promise start(Napi::Env env, Work work, Finish finish);

 private:
  Job(Napi::Env env, Work work, Finish finish);

  void Execute() override;
  void OnOK() override;
  void OnError(const Napi::Error& error) override;

  Napi::Promise::Deferred deferred_;
  Work work_;
  Finish finish_;
  std::optional<netlink::Error> failure_;
};

}  // namespace binding
