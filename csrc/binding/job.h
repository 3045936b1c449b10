// A job: work on the libuv pool that settles a promise.
//
// Threading: `work` runs on a thread of the pool and must not touch Node-API; everything else runs
//   on the thread of the environment.
// Ownership: a job owns itself and what its functions hold, and is freed after it has settled. An
//   environment that ends, such as that of a terminated worker, waits for work on the pool; the
//   promise can then no longer be settled, but the job is freed all the same.
// Errors: an exception of `work` or `finish` rejects the promise: an os::Error by make_error(),
//   any other std::exception as an Error with its message.
#pragma once

#include <napi.h>

#include <functional>
#include <optional>

#include "os/error.h"

namespace binding {

class Job : public Napi::AsyncWorker {
 public:
  using Work = std::function<void()>;
  using Finish = std::function<Napi::Value(Napi::Env)>;

  /// Queues `work`. The promise resolves to the value that `finish` returns after it.
  static Napi::Promise start(Napi::Env env, Work work, Finish finish);

 private:
  Job(Napi::Env env, Work work, Finish finish);

  void Execute() override;
  void OnOK() override;
  void OnError(const Napi::Error& error) override;

  Napi::Promise::Deferred deferred_;
  Work work_;
  Finish finish_;
  std::optional<os::Error> failure_;
};

}  // namespace binding
