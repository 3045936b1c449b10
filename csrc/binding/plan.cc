#include "binding/plan.h"

#include <vector>

#include "binding/clients.h"
#include "binding/error.h"
#include "binding/handle.h"
#include "binding/job.h"
#include "binding/records.h"
#include "ipvs/plan.h"
#include "os/synchronized.h"

namespace binding {

struct Plan::State {
  explicit State(const Napi::Value& wanted, const ipvs::PlanOptions& options)
      : kept(wanted), plan(ipvs::Plan(kept.records, options)) {}

  void read_services(Clients& clients) {
    plan.with([&](ipvs::Plan& own) {
      clients.with_ipvs([&](ipvs::Client& client) { client.list_services(own); });
    });
  }

  bool read_destinations(Clients& clients, size_t limit) {
    return plan.with([&](ipvs::Plan& own) {
      return clients.with_ipvs(
          [&](ipvs::Client& client) { return client.list_destinations(own, limit); });
    });
  }

  Napi::Value unwanted(Napi::Env env) {
    return plan.with([&](const ipvs::Plan& own) { return copy_records(env, own.unwanted()); });
  }

  KeptRecords<ipvs::Request> kept;
  ipvs::PlannedChanges changes;  // after finish(); only the thread of the environment uses them
  os::Synchronized<ipvs::Plan> plan;
};

std::vector<Plan::PropertyDescriptor> Plan::methods() {
  return {
      InstanceMethod<&Plan::duplicate>("duplicate"),
      InstanceMethod<&Plan::read_services>("readServices"),
      InstanceMethod<&Plan::read_services_sync>("readServicesSync"),
      InstanceMethod<&Plan::prune>("prune"),
      InstanceMethod<&Plan::read_destinations>("readDestinations"),
      InstanceMethod<&Plan::read_destinations_sync>("readDestinationsSync"),
      InstanceMethod<&Plan::finish>("finish"),
      InstanceMethod<&Plan::write>("write"),
  };
}

Plan::Plan(const Napi::CallbackInfo& info) : Napi::ObjectWrap<Plan>(info) {
  const ipvs::PlanOptions options{.compared = info[1].ToNumber().Uint32Value(),
                                  .drains = info[2].ToBoolean(),
                                  .drained_protocols = info[3].ToNumber().Uint32Value(),
                                  .ignores_inactive = info[4].ToBoolean()};
  state_ = std::make_shared<State>(info[0], options);
}

Napi::Value Plan::duplicate(const Napi::CallbackInfo& info) {
  const auto found = state_->plan.with([](const ipvs::Plan& own) { return own.duplicate(); });
  if (!found) return info.Env().Undefined();
  return to_pair(info.Env(), *found);
}

Napi::Value Plan::read_services(const Napi::CallbackInfo& info) {
  return Job::start(
      info.Env(),
      [state = state_, clients = Handle::clients_of(info[0].As<Napi::Object>())] {
        state->read_services(*clients);
      },
      [state = state_](Napi::Env env) { return state->unwanted(env); });
}

Napi::Value Plan::read_services_sync(const Napi::CallbackInfo& info) {
  return run_now(info.Env(), [&] {
    state_->read_services(*Handle::clients_of(info[0].As<Napi::Object>()));
    return state_->unwanted(info.Env());
  });
}

Napi::Value Plan::prune(const Napi::CallbackInfo& info) {
  const auto flags = records_of<uint8_t>(info[0]);
  state_->plan.with([&](ipvs::Plan& own) { own.prune(flags); });
  return info.Env().Undefined();
}

Napi::Value Plan::read_destinations(const Napi::CallbackInfo& info) {
  auto more = std::make_shared<bool>(false);
  return Job::start(
      info.Env(),
      [state = state_, clients = Handle::clients_of(info[0].As<Napi::Object>()),
       limit = info[1].ToNumber().Uint32Value(),
       more] { *more = state->read_destinations(*clients, limit); },
      [more](Napi::Env env) { return Napi::Boolean::New(env, *more); });
}

Napi::Value Plan::read_destinations_sync(const Napi::CallbackInfo& info) {
  return run_now(info.Env(), [&] {
    const auto clients = Handle::clients_of(info[0].As<Napi::Object>());
    const bool more = state_->read_destinations(*clients, info[1].ToNumber().Uint32Value());
    return Napi::Boolean::New(info.Env(), more);
  });
}

Napi::Value Plan::finish(const Napi::CallbackInfo& info) {
  ipvs::PlannedChanges& changes = state_->changes;
  changes = state_->plan.with([](ipvs::Plan& own) { return own.finish(); });
  const Napi::Env env = info.Env();
  Napi::Object object = Napi::Object::New(env);
  // The data that write() needs is copied.
  object.Set("operations", copy_records<uint8_t>(env, changes.operations));
  object.Set("before", copy_records<ipvs::Request>(env, changes.before));
  object.Set("origins", to_array_buffer(env, changes.origins));
  object.Set("draining", to_array_buffer(env, changes.draining));
  object.Set("connections", to_array_buffer(env, changes.connections));
  object.Set("unchangedServices", changes.unchanged_services);
  object.Set("unchangedDestinations", changes.unchanged_destinations);
  return object;
}

Napi::Value Plan::write(const Napi::CallbackInfo& info) {
  const size_t first = info[0].ToNumber().Uint32Value();
  state_->changes.write(first, writable_records_of<ipvs::Request>(info[1]));
  return info.Env().Undefined();
}

}  // namespace binding
