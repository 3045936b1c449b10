#include "binding/job.h"

#include <exception>
#include <utility>

#include "binding/error.h"

namespace binding {

Napi::Promise Job::start(Napi::Env env, Work work, Finish finish) {
  auto* job =
      new Job(env, std::move(work), std::move(finish));  // deletes itself, as AsyncWorkers do
  const Napi::Promise promise = job->deferred_.Promise();
  job->Queue();
  return promise;
}

Job::Job(Napi::Env env, Work work, Finish finish)
    : Napi::AsyncWorker(env, "ipvs"),
      deferred_(Napi::Promise::Deferred::New(env)),
      work_(std::move(work)),
      finish_(std::move(finish)) {}

void Job::Execute() {
  try {
    work_();
  } catch (const os::Error& error) {
    failure_ = error;
    SetError(error.what());
  }
}

// Catches everything: a promise that is never settled would be awaited forever.
void Job::OnOK() {
  try {
    deferred_.Resolve(finish_(Env()));
  } catch (const Napi::Error& error) {
    deferred_.Reject(error.Value());
  } catch (const std::exception& error) {
    deferred_.Reject(Napi::Error::New(Env(), error.what()).Value());
  }
}

void Job::OnError(const Napi::Error& error) {
  deferred_.Reject(failure_ ? make_error(Env(), *failure_).Value() : error.Value());
}

}  // namespace binding
