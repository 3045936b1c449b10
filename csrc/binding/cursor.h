// A reading of the connection table, as JavaScript steps through it. lib/connections/connections.ts wraps it.
//
// Threading: as the handle's: a job at a time, by the caller's care, and a mutex in case of its
//   lack.
// Life: the file is opened by the first job, in the handle's namespace, which the cursor keeps open
//   by itself.
#pragma once

#include <napi.h>

#include <memory>

namespace binding {

class Cursor : public Napi::ObjectWrap<Cursor> {
 public:
  static Napi::Function define(Napi::Env env);

  /// new Cursor(handle: Handle, filter: Uint8Array, origins: boolean, claimedPorts: Uint16Array,
  ///   destinations: Uint8Array). The last two are ipvs::ServiceFacts.
  explicit Cursor(const Napi::CallbackInfo& info);

 private:
  struct Reading;

  /// next(limit: number): Promise<{ connections: ArrayBuffer, texts: string[], done: boolean }>
  Napi::Value next(const Napi::CallbackInfo& info);
  /// count(by: number): Promise<{ counts: ArrayBuffer, texts: string[] }>
  Napi::Value count(const Napi::CallbackInfo& info);
  /// close(): void. Frees the file before the garbage collector would: waits for the job that runs,
  ///   and refuses those that have not begun.
  Napi::Value close(const Napi::CallbackInfo& info);

  std::shared_ptr<Reading> reading_;
};

}  // namespace binding
