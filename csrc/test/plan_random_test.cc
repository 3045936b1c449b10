// Plans of random states, tables and options, executed on a model of the kernel and compared with
// a model of the result.
#include "ipvs/plan.h"

#include <doctest/doctest.h>
#include <linux/ip_vs.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <numeric>
#include <set>
#include <string>
#include <vector>

#include "test/plan_result_model.h"
#include "test/random.h"
#include "test/table_model.h"
#include "test/wire.h"

using ipvs::ByteOrder;
using ipvs::Changes;
using ipvs::Destination;
using ipvs::DestinationEntry;
using ipvs::DestinationKey;
using ipvs::Operation;
using ipvs::PlannedChanges;
using ipvs::PlanOptions;
using ipvs::Request;
using ipvs::same;
using ipvs::Service;
using ipvs::ServiceFlags;
using ipvs::ServiceKey;
using test::draining_of;
using test::expected_result;
using test::is_of_destination;
using test::name_of;
using test::Objects;
using test::objects_of;
using test::operation_of;
using test::Random;
using test::Result;
using test::table_of;
using test::TableModel;
using test::WantedTable;
using wire::shown;

namespace {

constexpr int kRounds = test::kThreadSanitizer ? 500 : 2'000;

constexpr uint32_t kPersistence =
    Changes::kPersistence | Changes::kTimeout | Changes::kNetmask | Changes::kEngine;
constexpr uint32_t kTunnel = Changes::kTunnel | Changes::kTunnelReset;
// The settings that a caller can keep together.
constexpr uint32_t kKeepable[] = {
    Changes::kScheduler | Changes::kSchedulerFlags,
    Changes::kSchedulerFlags,
    Changes::kOnePacket,
    kPersistence,
    Changes::kForwarding | kTunnel,
    kTunnel,
    Changes::kWeight,
    Changes::kUpperThreshold,
    Changes::kLowerThreshold,
};

// Keys and settings have few values, so that equal ones are frequent.

ServiceKey random_service_key(Random& random) {
  ServiceKey key{};
  key.family = random.chance(70) ? AF_INET : AF_INET6;
  if (random.chance(20)) {
    key.fwmark = static_cast<uint32_t>(random.between(1, 2));
    return key;
  }
  key.address = {10, 96, 0, 1};
  if (key.family == AF_INET6) key.address = {0xfd, 0, 0, 1};
  static constexpr uint16_t kProtocols[] = {IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP};
  key.protocol = kProtocols[random.below(3)];
  key.port = static_cast<uint16_t>(random.between(1, 2));
  return key;
}

Service random_service(Random& random, const ServiceKey& key) {
  static constexpr std::string_view kSchedulers[] = {"rr", "sh", "mh"};
  Service service{};
  service.key = key;
  service.scheduler.assign(kSchedulers[random.below(3)]);
  if (random.chance(20)) service.flags |= 0x08;
  if (random.chance(20)) service.flags |= ServiceFlags::kOnePacket;
  service.netmask = ~0U;
  if (random.chance(30)) {
    service.flags |= ServiceFlags::kPersistent;
    service.timeout = static_cast<uint32_t>(60 * random.between(1, 2));
    if (random.chance(50)) service.netmask = 0xffffff00;
    if (random.chance(20)) service.engine.assign("sip");
  }
  return service;
}

DestinationKey destination_key(uint8_t number) {
  DestinationKey key{};
  key.family = number % 2 == 0 ? AF_INET : AF_INET6;
  key.address = {10, 0, 0, number};
  key.port = number % 3;
  return key;
}

Destination random_destination(Random& random, const DestinationKey& key) {
  Destination destination{};
  destination.key = key;
  destination.forwarding = static_cast<uint32_t>(random.between(0, IP_VS_CONN_F_TUNNEL));
  destination.weight = static_cast<uint32_t>(random.below(3));
  // The lower one is never above the upper one of another destination.
  destination.upper_threshold = static_cast<uint32_t>(random.between(2, 3));
  destination.lower_threshold = static_cast<uint32_t>(random.below(2));
  if (destination.forwarding == IP_VS_CONN_F_TUNNEL && random.chance(50)) {
    destination.tunnel_type = 1;
    destination.tunnel_port = static_cast<uint16_t>(random.between(1, 2));
  }
  return destination;
}

std::vector<uint8_t> random_numbers(Random& random) {
  std::vector<uint8_t> numbers(random.chance(10) ? 40 : 8);
  std::iota(numbers.begin(), numbers.end(), uint8_t{0});
  random.shuffle(numbers);
  numbers.resize(random.below(numbers.size()));
  return numbers;
}

TableModel random_table(Random& random) {
  TableModel table;
  for (size_t count = random.below(7); count > 0; --count) {
    const ServiceKey key = random_service_key(random);
    if (table.find(key) != nullptr) continue;
    TableModel::Entry entry{random_service(random, key), {}};
    for (const uint8_t number : random_numbers(random)) {
      DestinationEntry destination{};
      destination.destination = random_destination(random, destination_key(number));
      if (random.chance(30)) destination.active_connections = 1 + random.number<uint8_t>();
      if (random.chance(30)) destination.inactive_connections = 1 + random.number<uint8_t>();
      entry.destinations.push_back(destination);
    }
    table.services.push_back(entry);
  }
  return table;
}

std::vector<Request> random_wanted(Random& random, const TableModel& table) {
  std::vector<Request> wanted;
  std::set<ServiceKey, ByteOrder> keys;
  for (size_t count = random.below(7); count > 0; --count) {
    const ServiceKey key = random_service_key(random);
    if (!keys.insert(key).second) continue;
    const auto* present = table.find(key);
    const bool is_bare = random.chance(20);
    Request request{};
    request.operation =
        static_cast<uint32_t>(is_bare ? Operation::kUpdateService : Operation::kEnsureService);
    request.service =
        present != nullptr && random.chance(50) ? present->service : random_service(random, key);
    wanted.push_back(request);
    if (is_bare) continue;
    request.operation = static_cast<uint32_t>(Operation::kEnsureDestination);
    request.service = {};
    request.service.key = key;
    for (const uint8_t number : random_numbers(random)) {
      const auto* same_key =
          present == nullptr ? nullptr : test::find(*present, destination_key(number));
      request.destination = same_key != nullptr && random.chance(50)
                                ? same_key->destination
                                : random_destination(random, destination_key(number));
      wanted.push_back(request);
    }
  }
  return wanted;
}

PlanOptions random_options(Random& random) {
  PlanOptions options;
  options.drains = random.chance(60);
  options.drained_protocols = static_cast<uint32_t>(random.below(8));
  options.ignores_inactive = random.chance(30);
  for (const uint32_t kept : kKeepable) {
    if (random.chance(10)) options.compared &= ~kept;
  }
  return options;
}

size_t changes_in(const PlannedChanges& changes) {
  return changes.size() -
         static_cast<size_t>(std::count(changes.origins.begin(), changes.origins.end(),
                                        PlannedChanges::kAuxiliary));
}

bool is_addition(const Request& request) {
  return operation_of(request) == Operation::kAddService ||
         operation_of(request) == Operation::kAddDestination;
}

bool is_deletion(const Request& request) {
  return operation_of(request) == Operation::kDeleteService ||
         operation_of(request) == Operation::kDeleteDestination;
}

struct Scene {
  TableModel table;
  std::vector<Request> wanted;
  WantedTable wanted_table;
  PlanOptions options;
  std::set<ServiceKey, ByteOrder> pruned;
  test::Prune prune = [this](const Service& service) { return pruned.contains(service.key); };
  PlannedChanges changes;

  explicit Scene(Random& random)
      : table(random_table(random)),
        wanted(random_wanted(random, table)),
        wanted_table(table_of(wanted)),
        options(random_options(random)) {
    const int share = random.chance(50) ? 100 : 50;
    for (const auto& each : table.services) {
      if (random.chance(share)) pruned.insert(each.service.key);
    }
    changes = plan();
  }
  Scene(const Scene&) = delete;
  Scene& operator=(const Scene&) = delete;

  PlannedChanges plan() const { return plan_changes(table, wanted, options, prune); }
  Result expected() const { return expected_result(table, wanted_table, options, prune); }
  void execute() {
    for (const Request& each : changes.requests()) REQUIRE(table.apply(each) == 0);
  }
};

}  // namespace

TEST_CASE("the kernel refuses no request of a plan, and the result is that of the model") {
  Random random;
  for (int round = 0; round < kRounds; ++round) {
    CAPTURE(round);
    Scene scene(random);
    const Result expected = scene.expected();
    REQUIRE((draining_of(scene.changes) == expected.draining));
    REQUIRE(scene.changes.unchanged_services == expected.unchanged_services);
    REQUIRE(scene.changes.unchanged_destinations == expected.unchanged_destinations);
    // No request is redundant.
    REQUIRE(changes_in(scene.changes) == expected.changes);
    scene.execute();
    REQUIRE((objects_of(scene.table) == expected.objects));
  }
}

TEST_CASE("a second plan changes nothing, and later ones delete what has drained") {
  Random random;
  size_t drained = 0;
  for (int round = 0; round < kRounds; ++round) {
    CAPTURE(round);
    Scene scene(random);
    scene.execute();
    const PlannedChanges second = scene.plan();
    REQUIRE(second.empty());
    REQUIRE((draining_of(second) == draining_of(scene.changes)));

    for (auto& entry : scene.table.services) {
      for (auto& each : entry.destinations) {
        if (random.chance(70)) each.active_connections = each.inactive_connections = 0;
      }
    }
    const Result expected = scene.expected();
    scene.changes = scene.plan();
    REQUIRE(changes_in(scene.changes) == expected.changes);
    for (const Request& each : scene.changes.requests()) REQUIRE(is_deletion(each));
    scene.execute();
    REQUIRE((objects_of(scene.table) == expected.objects));
    drained += scene.changes.size();
  }
  CHECK(drained > kRounds / 10);
}

TEST_CASE("a plan names no service that is neither wanted nor to be pruned") {
  Random random;
  size_t foreign = 0;
  for (int round = 0; round < kRounds; ++round) {
    const Scene scene(random);
    for (const auto& each : scene.table.services) {
      const ServiceKey& key = each.service.key;
      if (scene.wanted_table.contains(key) || scene.pruned.contains(key)) continue;
      ++foreign;
      for (const auto& list : {scene.changes.requests(), scene.changes.draining}) {
        for (const Request& request : list) REQUIRE_FALSE(same(request.service.key, key));
      }
    }
  }
  CHECK(foreign > kRounds / 10);
}

TEST_CASE("additions come before updates, updates before drains, and deletions last") {
  Random random;
  for (int round = 0; round < kRounds; ++round) {
    CAPTURE(round);
    const Scene scene(random);
    const Objects draining = draining_of(scene.changes);
    enum Phase { kNewServices, kNewDestinations, kUpdates, kDrains, kDeletions, kServiceDeletions };
    Phase last = kNewServices;
    ServiceKey adding{};
    for (size_t index = 0; index < scene.changes.size(); ++index) {
      const Request request = scene.changes.requests()[index];
      const bool is_auxiliary = scene.changes.origins[index] == PlannedChanges::kAuxiliary;
      const bool is_new = scene.table.find(request.service.key) == nullptr;
      Phase phase = kUpdates;
      if (operation_of(request) == Operation::kAddService) adding = request.service.key;
      if (is_addition(request) || is_auxiliary) phase = is_new ? kNewServices : kNewDestinations;
      // A new service comes with its destinations.
      if (phase == kNewServices) REQUIRE(same(request.service.key, adding));
      if (operation_of(request) == Operation::kDeleteService) phase = kServiceDeletions;
      if (operation_of(request) == Operation::kDeleteDestination) phase = kDeletions;
      if (operation_of(request) == Operation::kSetDestination &&
          draining.contains(name_of(request.service.key, request.destination.key))) {
        phase = kDrains;
      }
      REQUIRE(phase >= last);
      last = phase;
    }
  }
}

TEST_CASE("updates have the object as it is, and additions and deletions have none") {
  Random random;
  size_t updates = 0;
  for (int round = 0; round < kRounds; ++round) {
    CAPTURE(round);
    const Scene scene(random);
    const Objects present = objects_of(scene.table);
    REQUIRE(scene.changes.origins.size() == scene.changes.size());
    std::set<uint32_t> origins;
    for (size_t index = 0; index < scene.changes.size(); ++index) {
      const Request request = scene.changes.requests()[index];
      const uint32_t origin = scene.changes.origins[index];
      if (origin == PlannedChanges::kAuxiliary) continue;
      REQUIRE((origin == 0) == (is_addition(request) || is_deletion(request)));
      if (origin == 0) continue;
      REQUIRE(origins.insert(origin).second);
      const Request& before = scene.changes.before.at(origin - 1);
      const bool is_destination = is_of_destination(request);
      const std::string name = is_destination
                                   ? name_of(request.service.key, request.destination.key)
                                   : name_of(request.service.key);
      REQUIRE(before.operation == request.operation);
      REQUIRE(same(before.service.key, request.service.key));
      REQUIRE((is_destination ? shown(before.destination) : shown(before.service)) ==
              present.at(name));
    }
    REQUIRE(origins.size() == scene.changes.before.size());
    updates += origins.size();
  }
  CHECK(updates > kRounds);
}

TEST_CASE("the kernel lists new destinations in the wanted order") {
  Random random;
  for (int round = 0; round < kRounds; ++round) {
    CAPTURE(round);
    Scene scene(random);
    const Objects present = objects_of(scene.table);
    scene.execute();
    std::map<std::string, std::string> wanted;
    std::map<std::string, std::string> listed;
    const auto append = [&](auto& orders, const ServiceKey& service, const DestinationKey& key) {
      if (!present.contains(name_of(service, key))) orders[name_of(service)] += shown(key) + ", ";
    };
    for (const Request& each : scene.wanted) {
      if (operation_of(each) != Operation::kEnsureDestination) continue;
      append(wanted, each.service.key, each.destination.key);
    }
    for (const auto& entry : scene.table.services) {
      for (const auto& each : entry.destinations) {
        append(listed, entry.service.key, each.destination.key);
      }
    }
    REQUIRE((listed == wanted));
  }
}

TEST_CASE("the order of the kernel's lists changes nothing but the order of deletions") {
  Random random;
  for (int round = 0; round < kRounds; ++round) {
    CAPTURE(round);
    Scene scene(random);
    const auto made = [&](const PlannedChanges& changes) {
      std::vector<std::string> requests;
      size_t sorted_from = 0;
      for (size_t index = 0; index < changes.size(); ++index) {
        Request request = changes.requests()[index];
        requests.push_back(shown(request));
        const bool is_drain = is_of_destination(request) && request.destination.weight == 0;
        if (!is_deletion(request) && !is_drain) sorted_from = index + 1;
      }
      std::sort(requests.begin() + static_cast<ptrdiff_t>(sorted_from), requests.end());
      return requests;
    };
    const auto expected = made(scene.changes);
    random.shuffle(scene.table.services);
    for (auto& each : scene.table.services) random.shuffle(each.destinations);
    REQUIRE((made(scene.plan()) == expected));
  }
}
