// What JavaScript holds of a network namespace: a connection to its IPVS, and one to its links. lib/
//   wraps it; nobody else sees it.
//
// Threading: methods run on the thread of the environment. Each client behind it is used by one
//   thread at a time: its queue in lib/ keeps one job in flight, and a synchronous call waits for
//   it in Connection.
// Life: a job holds the connection, so that the collection of the handle does not take it away from
//   under one, and close() waits for the one that is running. It frees the sockets, and the namespace
//   but for the shares of cursors and watchers.
#pragma once

#include <napi.h>

#include <memory>

#include "ipvs/request.h"
#include "netlink/namespace.h"

namespace binding {

class Connection;

class Handle : public Napi::ObjectWrap<Handle> {
 public:
  static Napi::Function define(Napi::Env env);

  explicit Handle(const Napi::CallbackInfo& info);

  /// The namespace of a Handle, for readings that outlive it.
  /// @throws Napi::TypeError: it is none; netlink::Error EBADF: it is not open
  static std::shared_ptr<const netlink::Namespace> netns_of(const Napi::Object& handle);

 private:
  /// open(netns: string | number, ipvs: boolean): Promise<void>. A path, an empty one for the
  /// namespace of the process; or a descriptor, which may be closed afterwards. Without `ipvs`, links
  /// only.
  Napi::Value open(const Napi::CallbackInfo& info);
  /// run(requests: Uint8Array, stopOnError: boolean, memory?: ArrayBuffer): Promise<Results>. Nobody
  /// may write to the bytes before it settles. The destinations may lie in `memory`, which is longer
  /// than they are: what it held before must have been read.
  Napi::Value run(const Napi::CallbackInfo& info);
  /// runSync(requests: Uint8Array, memory?: ArrayBuffer): Results
  Napi::Value run_sync(const Napi::CallbackInfo& info);
  /// runLinks(requests: Uint8Array, addresses: Uint8Array): Promise<Results>. The same holds for both.
  Napi::Value run_links(const Napi::CallbackInfo& info);
  /// runLinksSync(requests: Uint8Array, addresses: Uint8Array): Results
  Napi::Value run_links_sync(const Napi::CallbackInfo& info);
  /// readFiles(paths: string[]): Promise<(string | number)[]>. What each holds, or the errno.
  Napi::Value read_files(const Napi::CallbackInfo& info);
  /// readFilesSync(paths: string[]): (string | number)[]
  Napi::Value read_files_sync(const Napi::CallbackInfo& info);
  /// writeFiles(files: { path: string, text: string }[]): Promise<number[]>. The errno of each, or
  /// 0.
  Napi::Value write_files(const Napi::CallbackInfo& info);
  /// writeFilesSync(files: { path: string, text: string }[]): number[]
  Napi::Value write_files_sync(const Napi::CallbackInfo& info);
  /// close(): void
  Napi::Value close(const Napi::CallbackInfo& info);

  std::shared_ptr<Connection> connection_;
  std::shared_ptr<ipvs::Results> spare_;  // touched by the thread of the environment only
};

}  // namespace binding
