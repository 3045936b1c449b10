// A plan of changes to the table, which JavaScript has read step by step.
//
// Threading: methods run on the thread of the environment. Those that return promises start jobs,
//   which read the table on a thread of the libuv pool. The caller runs one at a time; a mutex
//   guards against callers that do not.
// Ownership: the plan refers to the Uint8Array of the wanted records, and copies nothing of it.
// Errors: promises reject, and synchronous methods throw, with the errors of make_error(): those of
//   ipvs::Client, and EBADF ("sendmsg") if the handle is not open.
#pragma once

#include <napi.h>

#include <memory>
#include <vector>

namespace binding {

class Plan : public Napi::ObjectWrap<Plan> {
 public:
  static std::vector<PropertyDescriptor> methods();

  /// new Plan(wanted: Uint8Array, compared: number, drains: boolean, drainedProtocols: number,
  ///   ignoresInactive: boolean)
  /// @param wanted  ipvs::Request records; nobody may write to them any more
  /// The others are ipvs::PlanOptions.
  explicit Plan(const Napi::CallbackInfo& info);

 private:
  struct State;

  /// duplicate(): [first: number, second: number] | undefined
  Napi::Value duplicate(const Napi::CallbackInfo& info);
  /// readServices(handle: Handle): Promise<ArrayBuffer>
  /// Resolves to the ServiceEntry records of the services that are not wanted.
  Napi::Value read_services(const Napi::CallbackInfo& info);
  /// readServicesSync(handle: Handle): ArrayBuffer
  Napi::Value read_services_sync(const Napi::CallbackInfo& info);
  /// prune(flags: Uint8Array): void
  /// @param flags  for each service that is not wanted, 1 if it may be deleted
  Napi::Value prune(const Napi::CallbackInfo& info);
  /// readDestinations(handle: Handle, limit: number): Promise<boolean>
  /// Reads the destinations of the next services, about `limit`. Resolves to false after the last.
  Napi::Value read_destinations(const Napi::CallbackInfo& info);
  /// readDestinationsSync(handle: Handle, limit: number): boolean
  Napi::Value read_destinations_sync(const Napi::CallbackInfo& info);
  /// finish(): { operations, origins, before, draining, connections: ArrayBuffer,
  ///   unchangedServices, unchangedDestinations: number }
  /// Returns the ipvs::PlannedChanges. Afterwards the plan is empty.
  Napi::Value finish(const Napi::CallbackInfo& info);
  /// write(first: number, requests: Uint8Array): void
  /// After finish(): writes the requests from `first` on, as many as the array has room for. The
  /// wanted records must be as they were.
  Napi::Value write(const Napi::CallbackInfo& info);

  std::shared_ptr<State> state_;
};

}  // namespace binding
