// A handle on a network namespace: a client of its IPVS, a client of its links, and its files
// under /proc. Only lib/ sees it.
//
// Threading: methods run on the thread of the environment. Those that return a promise do their
//   work in a job, on a thread of the libuv pool; the Sync methods block until a running job has
//   finished with the client, and then do the work themselves.
// Ownership: a job shares the clients with the handle, so that the garbage collector cannot close
//   them during the job. close() waits for the running job, closes the sockets and releases the
//   namespace, which stays open for the cursors and watchers that share it.
// Errors: promises reject with, and Sync methods throw, the errors of make_error(). Records of a
//   wrong size are a TypeError or RangeError.
#pragma once

#include <napi.h>

#include <memory>
#include <vector>

#include "ipvs/request.h"
#include "os/namespace.h"

namespace binding {

class Clients;

class Handle : public Napi::ObjectWrap<Handle> {
 public:
  static std::vector<PropertyDescriptor> methods();

  explicit Handle(const Napi::CallbackInfo& info);

  /// Returns the namespace of a Handle, for readers that outlive it.
  /// @throws Napi::TypeError if the object is not a Handle; Napi::Error EBADF if it is not open
  static std::shared_ptr<const os::Namespace> netns_of(const Napi::Object& handle);
  /// Returns the clients of a Handle.
  /// @throws Napi::TypeError if the object is not a Handle
  static std::shared_ptr<Clients> clients_of(const Napi::Object& handle);

 private:
  /// hold(netns: number): void
  /// Keeps the namespace of a descriptor for open(). The caller may close the descriptor.
  Napi::Value hold(const Napi::CallbackInfo& info);
  /// open(netns: string | number, ipvs: boolean): Promise<void>
  /// @param netns  a path, empty for the namespace of the process; anything after hold()
  /// @param ipvs  false: links only
  Napi::Value open(const Napi::CallbackInfo& info);
  /// run(requests: Uint8Array, first: number, count: number, stopOnError: boolean,
  ///   isTimed: boolean, memory?: ArrayBuffer): Promise<Results | undefined>
  ///
  /// Runs `count` of the requests, from `first` on. Nobody may write to `requests` before the
  /// promise settles. Destinations are copied to `memory` if they fit, so whatever it held must
  /// have been read.
  /// @param isTimed  true: the results have the CPU time
  Napi::Value run(const Napi::CallbackInfo& info);
  /// runSync(requests: Uint8Array, count: number, memory?: ArrayBuffer): Results | undefined
  ///
  /// Runs the first `count` requests.
  Napi::Value run_sync(const Napi::CallbackInfo& info);
  /// runLinks(requests: Uint8Array, addresses: Uint8Array): Promise<Results | undefined>
  ///
  /// Nobody may write to either array before the promise settles.
  Napi::Value run_links(const Napi::CallbackInfo& info);
  /// runLinksSync(requests: Uint8Array, addresses: Uint8Array): Results | undefined
  Napi::Value run_links_sync(const Napi::CallbackInfo& info);
  /// readFiles(paths: string[]): Promise<(string | number)[]>
  /// Resolves to the content of each file, or the errno of reading it.
  Napi::Value read_files(const Napi::CallbackInfo& info);
  /// readFilesSync(paths: string[]): (string | number)[]
  Napi::Value read_files_sync(const Napi::CallbackInfo& info);
  /// writeFiles(files: { path: string, text: string }[]): Promise<number[]>
  /// Resolves to the errno of writing each file, or 0.
  Napi::Value write_files(const Napi::CallbackInfo& info);
  /// writeFilesSync(files: { path: string, text: string }[]): number[]
  Napi::Value write_files_sync(const Napi::CallbackInfo& info);
  /// recoveries(links: boolean): [repeatedRequests, lostReplies, repeatedLists: number]
  /// Returns what the client of IPVS or that of links did again, also after close(). Does not wait
  /// for a running job.
  Napi::Value recoveries(const Napi::CallbackInfo& info);
  /// close(): void
  Napi::Value close(const Napi::CallbackInfo& info);

  std::shared_ptr<const os::Namespace> held_;
  std::shared_ptr<Clients> clients_;
  // Results whose vectors the next job reuses. Only the thread of the environment uses them.
  std::shared_ptr<ipvs::Response> spare_;
};

}  // namespace binding
