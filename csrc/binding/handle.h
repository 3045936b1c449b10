// What JavaScript holds of a connection to IPVS. lib/ipvs.ts wraps it; nobody else sees it.
//
// Threading: methods run on the thread of the environment. The client behind it is used by one
//   thread at a time: the queue in lib/ keeps one job in flight, and a mutex makes a synchronous
//   call wait for it.
// Life: a job holds the connection, so that the collection of the handle does not take it away from
//   under one, and close() waits for the one that is running. It frees the socket, and the namespace
//   but for the cursors' shares.
#pragma once

#include <napi.h>

#include <memory>

#include "netlink/namespace.h"

namespace binding {

class Handle : public Napi::ObjectWrap<Handle> {
 public:
  static Napi::Function define(Napi::Env env);

  explicit Handle(const Napi::CallbackInfo& info);

  /// The namespace of a Handle, for readings that outlive it.
  /// @throws Napi::TypeError: it is none; netlink::Error EBADF: it is not open
  static std::shared_ptr<const netlink::Namespace> netns_of(const Napi::Object& handle);

 private:
  struct Connection;

  /// open(netns: string): Promise<void>. An empty path: the namespace of the process.
  Napi::Value open(const Napi::CallbackInfo& info);
  /// run(requests: Uint8Array): Promise<Results>. The bytes are copied before it returns.
  Napi::Value run(const Napi::CallbackInfo& info);
  /// runSync(requests: Uint8Array): Results
  Napi::Value run_sync(const Napi::CallbackInfo& info);
  /// readFiles(paths: string[]): Promise<(string | number)[]>. What each holds, or the errno.
  Napi::Value read_files(const Napi::CallbackInfo& info);
  /// writeFiles(files: { path: string, text: string }[]): Promise<number[]>. The errno of each, or
  /// 0.
  Napi::Value write_files(const Napi::CallbackInfo& info);
  /// close(): void
  Napi::Value close(const Napi::CallbackInfo& info);

  std::shared_ptr<Connection> connection_;
};

}  // namespace binding
