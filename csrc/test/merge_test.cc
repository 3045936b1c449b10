#include "ipvs/merge.h"

#include <doctest/doctest.h>
#include <linux/ip_vs.h>

#include "test/ipvs_replies.h"
#include "test/random.h"
#include "test/wire.h"

using ipvs::Changes;
using ipvs::check_merged;
using ipvs::Destination;
using ipvs::merge;
using ipvs::Service;
using ipvs::ServiceFlags;
using ipvs::Status;
using test::Random;
using wire::shown;

namespace {

uint32_t random_names(Random& random) { return random.number<uint32_t>() & 0x3fff; }

// Has few different values, so that equal ones are frequent.
Service similar_service(Random& random) {
  Service service = test::random_service(random);
  service.flags = static_cast<uint32_t>(random.below(512)) & ~ServiceFlags::kHashed;
  service.scheduler.assign(random.chance(50) ? "sh" : "mh");
  return service;
}

Destination similar_destination(Random& random) {
  Destination destination = test::random_destination(random);
  if (random.chance(50)) destination.forwarding = IP_VS_CONN_F_TUNNEL;
  destination.upper_threshold = static_cast<uint32_t>(random.below(4));
  destination.lower_threshold = static_cast<uint32_t>(random.below(4));
  return destination;
}

bool persists(const Service& service) { return (service.flags & ServiceFlags::kPersistent) != 0; }

}  // namespace

TEST_CASE("applying no changes leaves a service and a destination as they are") {
  Random random;
  for (int round = 0; round < 500; ++round) {
    const Service service = similar_service(random);
    CHECK(shown(merge(service, similar_service(random), 0)) == shown(service));
    const Destination destination = similar_destination(random);
    CHECK(shown(merge(destination, similar_destination(random), 0)) == shown(destination));
  }
}

TEST_CASE("a service takes the settings that are named and keeps the others") {
  Random random;
  for (int round = 0; round < 20'000; ++round) {
    const Service current = similar_service(random);
    const Service changes = similar_service(random);
    const uint32_t named = random_names(random);
    const auto names = [&](uint32_t setting) { return (named & setting) != 0; };
    const Service result = merge(current, changes, named);
    CAPTURE(named);
    CAPTURE(shown(current));
    CAPTURE(shown(changes));

    CHECK(shown(result.key) == shown(current.key));

    const Service& scheduler = names(Changes::kScheduler) ? changes : current;
    CHECK(result.scheduler.view() == scheduler.scheduler.view());
    const bool other = result.scheduler.view() != current.scheduler.view();
    const uint32_t flags = names(Changes::kSchedulerFlags) ? changes.flags
                           : other                         ? 0
                                                           : current.flags;
    CHECK((result.flags & ServiceFlags::kScheduler) == (flags & ServiceFlags::kScheduler));
    const Service& one_packet = names(Changes::kOnePacket) ? changes : current;
    CHECK((result.flags & ServiceFlags::kOnePacket) ==
          (one_packet.flags & ServiceFlags::kOnePacket));
    const Service& persistence = names(Changes::kPersistence) ? changes : current;
    CHECK(persists(result) == persists(persistence));

    // Changes of the settings of persistence count only if persistence itself is named.
    const bool goes_on = persists(current) && persists(changes);
    const auto from_changes = [&](uint32_t setting) {
      return names(Changes::kPersistence) && (!goes_on || names(setting));
    };
    CHECK(result.timeout == (from_changes(Changes::kTimeout) ? changes : current).timeout);
    CHECK(result.netmask == (from_changes(Changes::kNetmask) ? changes : current).netmask);
    CHECK(result.engine.view() ==
          (from_changes(Changes::kEngine) ? changes : current).engine.view());

    CHECK(shown(merge(result, changes, named)) == shown(result));
  }
}

TEST_CASE("a destination takes the settings that are named and keeps the others") {
  Random random;
  for (int round = 0; round < 20'000; ++round) {
    const Destination current = similar_destination(random);
    const Destination changes = similar_destination(random);
    const uint32_t named = random_names(random);
    const auto source = [&](uint32_t setting) -> const Destination& {
      return (named & setting) != 0 ? changes : current;
    };
    const Destination result = merge(current, changes, named);
    CAPTURE(named);

    CHECK(shown(result.key) == shown(current.key));
    CHECK(result.forwarding == source(Changes::kForwarding).forwarding);
    CHECK(result.weight == source(Changes::kWeight).weight);
    CHECK(result.upper_threshold == source(Changes::kUpperThreshold).upper_threshold);
    CHECK(result.lower_threshold == source(Changes::kLowerThreshold).lower_threshold);
    const bool leaves =
        (named & Changes::kForwarding) != 0 && changes.forwarding != IP_VS_CONN_F_TUNNEL;
    const bool reset = leaves || (named & Changes::kTunnelReset) != 0;
    if (!reset || (named & Changes::kTunnel) != 0) {
      const Destination& settings = source(Changes::kTunnel);
      CHECK(result.tunnel_type == settings.tunnel_type);
      CHECK(result.tunnel_port == settings.tunnel_port);
      CHECK(result.tunnel_flags == settings.tunnel_flags);
    } else {
      CHECK(result.tunnel_type == 0);
      CHECK(result.tunnel_port == 0);
      CHECK(result.tunnel_flags == 0);
    }

    CHECK(shown(merge(result, changes, named)) == shown(result));
  }
}

TEST_CASE("scheduler flags are dropped when the scheduler changes") {
  Service current{};
  current.scheduler.assign("sh");
  current.flags = 0x18 | ServiceFlags::kOnePacket;
  Service changes{};
  changes.scheduler.assign("rr");
  changes.flags = 0x08;
  CHECK(merge(current, changes, Changes::kScheduler).flags == ServiceFlags::kOnePacket);
  CHECK(merge(current, changes, Changes::kScheduler | Changes::kSchedulerFlags).flags ==
        (ServiceFlags::kOnePacket | 0x08));
  changes.scheduler.assign("sh");
  CHECK(merge(current, changes, Changes::kScheduler).flags == current.flags);
}

TEST_CASE("scheduler flags of another scheduler than the service then has are refused") {
  Service result{};
  result.scheduler.assign("sh");
  ipvs::Name<16> owner{};
  CHECK(check_merged(result, owner) == Status::kDone);
  owner.assign("sh");
  CHECK(check_merged(result, owner) == Status::kDone);
  for (const char* other : {"mh", "s", "shh"}) {
    owner.assign(other);
    CHECK(check_merged(result, owner) == ipvs::kForeignFlags);
  }
}

TEST_CASE("tunnel settings are refused for a destination that is not forwarded by tunnel") {
  Destination result{};
  for (uint32_t forwarding = 0; forwarding < 5; ++forwarding) {
    result.forwarding = forwarding;
    const bool tunnel = forwarding == IP_VS_CONN_F_TUNNEL;
    CHECK(check_merged(result, Changes::kWeight) == Status::kDone);
    CHECK(check_merged(result, Changes::kTunnel) == (tunnel ? Status::kDone : ipvs::kTunnelless));
  }
}

TEST_CASE("a lower threshold above the upper one is refused") {
  Destination result{};
  for (uint32_t lower = 0; lower < 3; ++lower) {
    for (uint32_t upper = 0; upper < 3; ++upper) {
      result.lower_threshold = lower;
      result.upper_threshold = upper;
      CHECK(check_merged(result, 0) == (lower > upper ? ipvs::kThresholds : Status::kDone));
    }
  }
}
