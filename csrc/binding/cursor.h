// A cursor over the connection table, which JavaScript reads chunk by chunk.
//
// Threading: methods run on the thread of the environment and start jobs, which read the file on a
//   thread of the libuv pool. The caller runs one job at a time; a mutex guards against callers
//   that do not.
// Ownership: the first job opens the file, in the network namespace of the handle. The cursor
//   shares that namespace, so that it outlives the handle.
// Errors: promises reject with the errors of make_error(); EBADF ("read") after close().
#pragma once

#include <napi.h>

#include <memory>
#include <vector>

namespace binding {

class Cursor : public Napi::ObjectWrap<Cursor> {
 public:
  static std::vector<PropertyDescriptor> methods();

  /// new Cursor(handle: Handle, filter: Uint8Array, origins: boolean, claimedPorts: Uint16Array,
  ///   destinations: Uint8Array)
  /// @param filter  one ipvs::ConnectionFilter
  /// @param claimedPorts, destinations  the ipvs::ServiceFacts
  explicit Cursor(const Napi::CallbackInfo& info);

 private:
  struct State;

  /// next(limit: number): Promise<{ connections: ArrayBuffer, texts: string[], done: boolean }>
  Napi::Value next(const Napi::CallbackInfo& info);
  /// count(by: number): Promise<{ counts: ArrayBuffer, texts: string[] }>
  Napi::Value count(const Napi::CallbackInfo& info);
  /// close(): void
  /// Closes the file and releases the namespace without waiting for the garbage collector. Waits
  /// for the job that is running; jobs that have not begun fail.
  Napi::Value close(const Napi::CallbackInfo& info);

  std::shared_ptr<State> state_;
};

}  // namespace binding
