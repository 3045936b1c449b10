// Plans of few services: order, kept settings, draining, deletion, duplicates.
#include "ipvs/plan.h"

#include <doctest/doctest.h>
#include <linux/ip_vs.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstdint>
#include <ctime>
#include <string>
#include <utility>
#include <vector>

#include "test/fake_ipvs.h"
#include "test/random.h"
#include "test/table_model.h"
#include "test/wire.h"

using ipvs::Changes;
using ipvs::Operation;
using ipvs::PlannedChanges;
using ipvs::PlanOptions;
using ipvs::Request;
using ipvs::ServiceFlags;
using test::operation_of;
using test::plan_changes;
using test::TableModel;
using wire::shown;

namespace {

using Wanted = std::vector<Request>;

bool all(const ipvs::Service& /*service*/) { return true; }
bool none(const ipvs::Service& /*service*/) { return false; }

Request service(uint16_t port) { return test::request_for(Operation::kEnsureService, port); }
// A service whose destinations are left alone.
Request bare_service(uint16_t port) { return test::request_for(Operation::kUpdateService, port); }
Request destination(uint16_t service, uint16_t port, uint32_t weight = 1) {
  Request request = test::request_for(Operation::kEnsureDestination, service, port);
  request.destination.weight = weight;
  return request;
}

// Returns a table of these services and destinations, which the kernel lists in this order.
TableModel table_of(const Wanted& objects) {
  TableModel table;
  for (const Request& each : objects) {
    if (operation_of(each) == Operation::kEnsureDestination) {
      table.services.back().destinations.push_back({{}, each.destination, 0, 0, 0});
    } else {
      table.services.push_back({each.service, {}});
    }
  }
  return table;
}

void connect(TableModel& table, uint16_t service, uint16_t port, uint32_t active,
             uint32_t inactive = 0) {
  auto* entry = table.find(test::service_at(service).key);
  REQUIRE(entry != nullptr);
  for (auto& each : entry->destinations) {
    if (each.destination.key.port != port) continue;
    each.active_connections = active;
    each.inactive_connections = inactive;
  }
}

// Returns requests as text, such as "+1 +1/2 ~1/3=0 -1/4 -2"; auxiliary ones are in parentheses.
std::string text_of(const PlannedChanges& changes) {
  REQUIRE(changes.origins.size() == changes.size());
  std::string text;
  for (size_t index = 0; index < changes.size(); ++index) {
    const Request request = changes.requests()[index];
    const Operation operation = operation_of(request);
    const bool is_addition =
        operation == Operation::kAddService || operation == Operation::kAddDestination;
    const bool is_update =
        operation == Operation::kSetService || operation == Operation::kSetDestination;
    std::string words = is_addition ? "+" : is_update ? "~" : "-";
    words += std::to_string(request.service.key.port);
    if (test::is_of_destination(request)) {
      words += '/' + std::to_string(request.destination.key.port);
      if (is_update) words += '=' + std::to_string(request.destination.weight);
    } else if (is_update) {
      words += '=' + std::string(request.service.scheduler.view());
    }
    const bool is_auxiliary = changes.origins[index] == PlannedChanges::kAuxiliary;
    if (!text.empty()) text += ' ';
    if (is_auxiliary) text += '(';
    text += words;
    if (is_auxiliary) text += ')';
  }
  return text;
}

std::string plan_text(const TableModel& table, const Wanted& wanted,
                      const PlanOptions& options = {}, const test::Prune& prune = all) {
  return text_of(plan_changes(table, wanted, options, prune));
}

std::string draining_text(const PlannedChanges& changes) {
  REQUIRE(changes.connections.size() == 2 * changes.draining.size());
  std::string text;
  for (size_t index = 0; index < changes.draining.size(); ++index) {
    const Request& request = changes.draining[index];
    text += std::to_string(request.service.key.port) + '/' +
            std::to_string(request.destination.key.port) + ':' +
            std::to_string(changes.connections[2 * index]) + '+' +
            std::to_string(changes.connections[2 * index + 1]) + ' ';
  }
  return text;
}

PlanOptions draining(uint32_t protocols = PlanOptions::kDrainTcp, bool ignores_inactive = false) {
  return {.drains = true, .drained_protocols = protocols, .ignores_inactive = ignores_inactive};
}

Wanted with_protocol(Wanted objects, uint16_t protocol, uint32_t fwmark = 0) {
  for (Request& each : objects) {
    each.service.key.protocol = protocol;
    each.service.key.fwmark = fwmark;
  }
  return objects;
}

}  // namespace

TEST_CASE("a table that is as wanted needs no change, in whichever order the kernel lists it") {
  const Wanted wanted{service(1),        destination(1, 1), destination(1, 2), destination(1, 3),
                      destination(1, 4), service(2),        destination(2, 1), bare_service(3)};
  const Wanted reversed{bare_service(3),   service(2),        destination(2, 1), service(1),
                        destination(1, 4), destination(1, 3), destination(1, 2), destination(1, 1)};
  const Wanted mixed{service(1),        destination(1, 3), destination(1, 1), destination(1, 4),
                     destination(1, 2), bare_service(3),   service(2),        destination(2, 1)};
  for (const Wanted& present : {wanted, reversed, mixed}) {
    const PlannedChanges changes = plan_changes(table_of(present), wanted, {}, all);
    CHECK(text_of(changes).empty());
    CHECK(changes.unchanged_services == 3);
    CHECK(changes.unchanged_destinations == 5);
    CHECK(changes.before.empty());
    CHECK(changes.draining.empty());
  }
}

TEST_CASE("an empty table gets each service with its destinations, the last one first") {
  const Wanted wanted{service(2),      destination(2, 1), destination(2, 2),
                      bare_service(3), service(1),        destination(1, 1)};
  CHECK(plan_text({}, wanted) == "+2 +2/2 +2/1 +3 +1 +1/1");
}

TEST_CASE("new services come first, then destinations, updates, and deletions") {
  TableModel table =
      table_of({service(9), destination(9, 1), service(1), destination(1, 4), destination(1, 2),
                destination(1, 1), destination(1, 5), service(2), service(8)});
  connect(table, 1, 5, 1);
  connect(table, 9, 1, 1);
  Wanted wanted{service(2),        destination(2, 1),    destination(2, 2),
                service(1),        destination(1, 1, 7), destination(1, 2),
                destination(1, 3), service(3),           destination(3, 1)};
  wanted[3].service.scheduler.assign("wrr");
  CHECK(plan_text(table, wanted, draining()) ==
        "+3 +3/1 +2/2 +2/1 +1/3 ~1=wrr ~1/1=7 ~1/5=0 ~9/1=0 -1/4 -8");
}

TEST_CASE("an update has the object as it is, and a request with the wanted settings") {
  const Wanted wanted{service(1), destination(1, 1, 7), destination(1, 2)};
  TableModel table = table_of({service(1), destination(1, 2), destination(1, 1, 3)});
  table.services[0].service.scheduler.assign("sh");
  const PlannedChanges changes = plan_changes(table, wanted, {}, all);
  REQUIRE(text_of(changes) == "~1=rr ~1/1=7");
  REQUIRE(changes.before.size() == 2);
  CHECK(shown(changes.requests()[0].service) == shown(wanted[0].service));
  CHECK(shown(changes.before[changes.origins[0] - 1].service) == shown(table.services[0].service));
  CHECK(shown(changes.requests()[1].destination) == shown(wanted[1].destination));
  CHECK(shown(changes.before[changes.origins[1] - 1].destination) ==
        shown(table.services[0].destinations[1].destination));
  CHECK(changes.unchanged_services == 0);
  CHECK(changes.unchanged_destinations == 1);
}

TEST_CASE("settings that are not compared keep the kernel's values") {
  TableModel table = table_of({service(1), destination(1, 1, 5)});
  ipvs::Service& present = table.services[0].service;
  present.scheduler.assign("sh");
  present.flags = ServiceFlags::kPersistent | 0x08;
  present.timeout = 60;
  present.netmask = 0xffffff00;
  present.engine.assign("sip");
  ipvs::Destination& server = table.services[0].destinations[0].destination;
  server.forwarding = IP_VS_CONN_F_TUNNEL;
  server.tunnel_type = 1;
  server.tunnel_port = 5555;
  server.upper_threshold = 9;
  const Wanted wanted{service(1), destination(1, 1, 1)};

  const auto after = [&](uint32_t kept) {
    TableModel changed = table;
    const auto changes = plan_changes(changed, wanted, {.compared = ~kept}, all);
    for (const Request& each : changes.requests()) REQUIRE(changed.apply(each) == 0);
    return changed.services[0];
  };
  constexpr uint32_t kScheduler = Changes::kScheduler | Changes::kSchedulerFlags;
  constexpr uint32_t kPersistence =
      Changes::kPersistence | Changes::kTimeout | Changes::kNetmask | Changes::kEngine;
  constexpr uint32_t kForwarding = Changes::kForwarding | Changes::kTunnel | Changes::kTunnelReset;

  CHECK(shown(after(0).service) == shown(wanted[0].service));
  CHECK(shown(after(0).destinations[0].destination) == shown(wanted[1].destination));

  ipvs::Service expected = wanted[0].service;
  expected.scheduler = present.scheduler;
  expected.flags = 0x08;
  CHECK(shown(after(kScheduler).service) == shown(expected));

  expected = present;
  expected.scheduler = wanted[0].service.scheduler;
  expected.flags = ServiceFlags::kPersistent;
  CHECK(shown(after(kPersistence).service) == shown(expected));

  ipvs::Destination kept = server;
  kept.weight = 1;
  kept.upper_threshold = 0;
  CHECK(shown(after(kForwarding).destinations[0].destination) == shown(kept));

  kept = wanted[1].destination;
  kept.weight = 5;
  CHECK(shown(after(Changes::kWeight).destinations[0].destination) == shown(kept));

  // The tunnel ends with the forwarding that it belongs to.
  const uint32_t tunnel = Changes::kTunnel | Changes::kTunnelReset;
  CHECK(shown(after(tunnel).destinations[0].destination) == shown(wanted[1].destination));

  CHECK(plan_text(table, wanted, {.compared = 0}).empty());
}

TEST_CASE("new services and destinations have settings that are not compared, too") {
  const Wanted wanted{service(1), destination(1, 1, 5)};
  const auto changes = plan_changes({}, wanted, {.compared = 0}, all);
  REQUIRE(text_of(changes) == "+1 +1/1");
  CHECK(shown(changes.requests()[0].service) == shown(wanted[0].service));
  CHECK(shown(changes.requests()[1].destination) == shown(wanted[1].destination));
}

TEST_CASE("an unwanted destination with connections gets weight 0 and stays until it has none") {
  TableModel table = table_of(
      {service(1), destination(1, 1), destination(1, 2), destination(1, 3), destination(1, 4, 0)});
  connect(table, 1, 1, 2, 3);
  connect(table, 1, 2, 0, 1);
  connect(table, 1, 4, 1);
  const Wanted wanted{service(1)};
  const auto changes = plan_changes(table, wanted, draining(), all);
  CHECK(text_of(changes) == "~1/1=0 ~1/2=0 -1/3");
  CHECK(draining_text(changes) == "1/1:2+3 1/2:0+1 1/4:1+0 ");
  REQUIRE(changes.before.size() == 2);
  for (size_t index = 0; index < 2; ++index) {
    const Request& before = changes.before[changes.origins[index] - 1];
    CHECK(shown(before.destination) == shown(table.services[0].destinations[index].destination));
    // Only the weight changes.
    ipvs::Destination after = before.destination;
    after.weight = 0;
    CHECK(shown(changes.requests()[index].destination) == shown(after));
  }
  CHECK(plan_text(table, wanted, draining(PlanOptions::kDrainTcp, true)) == "~1/1=0 -1/2 -1/3");
  CHECK(plan_text(table, wanted) == "-1/1 -1/2 -1/3 -1/4");

  for (const Request& each : changes.requests()) REQUIRE(table.apply(each) == 0);
  const auto again = plan_changes(table, wanted, draining(), all);
  CHECK(text_of(again).empty());
  CHECK(again.draining.size() == 3);
  connect(table, 1, 2, 0, 0);
  CHECK(plan_text(table, wanted, draining()) == "-1/2");
  // One that is wanted again gets its weight back.
  CHECK(plan_text(table, {service(1), destination(1, 1, 3)}, draining()) == "~1/1=3 -1/2");
}

TEST_CASE("draining is limited to protocols, and includes firewall marks") {
  const Wanted present{service(1), destination(1, 1)};
  struct Case {
    uint16_t protocol;
    uint32_t bit;
  };
  for (const auto [protocol, bit] :
       {Case{IPPROTO_TCP, PlanOptions::kDrainTcp}, Case{IPPROTO_UDP, PlanOptions::kDrainUdp},
        Case{IPPROTO_SCTP, PlanOptions::kDrainSctp}}) {
    TableModel table = table_of(with_protocol(present, protocol));
    table.services[0].destinations[0].active_connections = 1;
    const Wanted wanted = with_protocol({service(1)}, protocol);
    constexpr uint32_t kAll =
        PlanOptions::kDrainTcp | PlanOptions::kDrainUdp | PlanOptions::kDrainSctp;
    CHECK(plan_text(table, wanted, draining(bit)) == "~1/1=0");
    CHECK(plan_text(table, wanted, draining(kAll & ~bit)) == "-1/1");
    CHECK(plan_text(table, {}, draining(bit)) == "~1/1=0");
    CHECK(plan_text(table, {}, draining(kAll & ~bit)) == "-1");
  }
  TableModel table = table_of(with_protocol(present, 0, 7));
  table.services[0].destinations[0].active_connections = 1;
  CHECK(plan_text(table, with_protocol({service(1)}, 0, 7), draining(0)) == "~1/1=0");
  CHECK(plan_text(table, {}, draining(0)) == "~1/1=0");
  CHECK(plan_text(table, {}) == "-1");
}

TEST_CASE("an unwanted service outlives its draining destinations, and loses the idle ones") {
  TableModel table = table_of({service(1), destination(1, 1), destination(1, 2), service(2),
                               destination(2, 1), service(3), destination(3, 1)});
  connect(table, 1, 2, 1);
  connect(table, 3, 1, 1);
  CHECK(plan_text(table, {}, draining()) == "~1/2=0 ~3/1=0 -1/1 -2");
  CHECK(plan_text(table, {}, draining(), none).empty());
  CHECK(plan_text(table, {}) == "-1 -2 -3");
  for (const Request& each : plan_changes(table, {}, draining(), all).requests()) {
    REQUIRE(table.apply(each) == 0);
  }
  CHECK(plan_text(table, {}, draining()).empty());
  connect(table, 1, 2, 0);
  CHECK(plan_text(table, {}, draining()) == "-1");
}

TEST_CASE("services without a flag stay, also where flags are missing") {
  const TableModel table =
      table_of({service(1), service(2), service(3), destination(3, 1), service(4)});
  const Wanted wanted{service(2)};
  const auto plan_with = [&](const std::vector<uint8_t>& flags, const PlanOptions& options) {
    ipvs::Plan plan(wanted, options);
    for (const auto& each : table.services) plan.note(ipvs::ServiceEntry{{}, each.service});
    CHECK(plan.unwanted().size() == 3);
    plan.prune(flags);
    while (plan.next() != nullptr) plan.end();
    return text_of(plan.finish());
  };
  for (const PlanOptions& options : {PlanOptions{}, draining()}) {
    CHECK(plan_with({}, options).empty());
    CHECK(plan_with({0, 1}, options) == "-3");
    CHECK(plan_with({0, 1, 0}, options) == "-3");
    CHECK(plan_with({255, 1, 2, 1, 1}, options) == "-1 -3 -4");
  }
}

TEST_CASE("a plan asks for the destinations of no service whose destinations do not matter") {
  const TableModel table = table_of({service(1), destination(1, 1), service(2), destination(2, 1),
                                     service(3), service(4), service(5)});
  const Wanted wanted{bare_service(1), service(2), service(6)};
  const auto asked = [&](const PlanOptions& options) {
    ipvs::Plan plan(wanted, options);
    for (const auto& each : table.services) plan.note(ipvs::ServiceEntry{{}, each.service});
    plan.prune(std::vector<uint8_t>{1, 0, 1});
    std::vector<uint16_t> ports;
    while (const ipvs::ServiceKey* key = plan.next()) {
      ports.push_back(key->port);
      plan.end();
    }
    CHECK(plan.next() == nullptr);
    return ports;
  };
  CHECK((asked({}) == std::vector<uint16_t>{2}));
  CHECK((asked(draining()) == std::vector<uint16_t>{2, 3, 5}));
  CHECK((asked(draining(PlanOptions::kDrainUdp)) == std::vector<uint16_t>{2}));
}

TEST_CASE("destinations that are left alone stay as they are") {
  TableModel table = table_of({service(1), destination(1, 1, 5)});
  connect(table, 1, 1, 1);
  Wanted wanted{bare_service(1), service(2)};
  CHECK(plan_text(table, wanted, draining()) == "+2");
  wanted[0].service.scheduler.assign("wrr");
  CHECK(plan_text(table, wanted) == "+2 ~1=wrr");
}

TEST_CASE("two wanted objects with one key are found, whatever their settings") {
  using Pair = std::pair<size_t, size_t>;
  const auto duplicate = [](const Wanted& wanted) { return ipvs::Plan(wanted, {}).duplicate(); };
  CHECK_FALSE(duplicate({}));
  CHECK_FALSE(duplicate({service(1), destination(1, 1), service(2), destination(2, 1)}));
  CHECK((duplicate({service(1), destination(1, 1), service(2), service(1)}) == Pair{0, 3}));
  CHECK((duplicate({service(1), bare_service(1)}) == Pair{0, 1}));
  CHECK((duplicate({service(1), destination(1, 1), destination(1, 2), destination(1, 1, 9)}) ==
         Pair{1, 3}));
  // The first one of several.
  CHECK((duplicate({service(1), service(2), service(2), service(1)}) == Pair{1, 2}));
}

TEST_CASE("a destination of many services is found in each of them") {
  Wanted wanted;
  for (uint16_t port = 1; port <= 100; ++port) {
    wanted.push_back(service(port));
    wanted.push_back(destination(port, 1, port));
    wanted.push_back(destination(port, 2, port));
  }
  TableModel table = table_of(wanted);
  CHECK(plan_text(table, wanted).empty());
  table.services[41].destinations[1].destination.weight = 7;
  std::swap(table.services[50].destinations[0], table.services[50].destinations[1]);
  table.services[60].destinations.erase(table.services[60].destinations.begin());
  CHECK(plan_text(table, wanted) == "+61/1 ~42/2=42");
}

TEST_CASE("a new service with mh and many destinations builds its table once") {
  for (const uint16_t count : {15, 16, 100}) {
    Wanted wanted{service(1)};
    wanted[0].service.scheduler.assign("mh");
    for (uint16_t port = 1; port <= count; ++port) wanted.push_back(destination(1, port));
    TableModel table;
    const auto changes = plan_changes(table, wanted, {}, all);
    for (const Request& each : changes.requests()) REQUIRE(table.apply(each) == 0);
    CHECK(shown(table.services[0].service) == shown(wanted[0].service));
    CHECK(table.services[0].destinations.size() == count);
    const size_t expected = count < 16 ? count : 1;
    CHECK(table.built_tables == expected);
    CHECK(plan_text(table, wanted).empty());
  }
  Wanted wanted{service(1)};
  for (uint16_t port = 1; port <= 16; ++port) wanted.push_back(destination(1, port));
  CHECK(plan_changes({}, wanted, {}, all).size() == 17);
  wanted[0].service.scheduler.assign("mh");
  const auto changes = plan_changes({}, wanted, {}, all);
  CHECK(text_of(changes).starts_with("+1 (~1=none) +1/16 "));
  CHECK(text_of(changes).ends_with(" +1/1 (~1=mh)"));
  // A service that exists keeps its scheduler: it has traffic.
  TableModel table;
  CHECK(table.apply(changes.requests()[0]) == 0);
  CHECK(plan_changes(table, wanted, {}, all).size() == 16);
}

TEST_CASE("a service that vanishes while it is read is deleted, or gets its destinations anew") {
  const Wanted wanted{service(1), destination(1, 1)};
  ipvs::Plan plan(wanted, draining());
  plan.note(ipvs::ServiceEntry{{}, test::service_at(1)});
  plan.note(ipvs::ServiceEntry{{}, test::service_at(2)});
  plan.prune(std::vector<uint8_t>{1});
  while (plan.next() != nullptr) plan.end();
  // Both are refused with ESRCH.
  CHECK(text_of(plan.finish()) == "+1/1 -2");
}

TEST_CASE("a plan that has ended is empty, and can be used like any other") {
  const TableModel table = table_of({service(1), destination(1, 1, 7), service(2)});
  ipvs::Plan plan(std::vector<Request>(), {});
  {
    const Wanted wanted{service(1), destination(1, 1), destination(1, 2), service(3)};
    plan = ipvs::Plan(wanted, {});
    plan.note(ipvs::ServiceEntry{{}, table.services[0].service});
    plan.note(ipvs::ServiceEntry{{}, table.services[1].service});
    plan.prune(std::vector<uint8_t>{1});
    REQUIRE(plan.next() != nullptr);
    plan.note(table.services[0].destinations[0]);
    plan.end();
    CHECK(text_of(plan.finish()) == "+3 +1/2 ~1/1=1 -2");
  }
  CHECK(plan.unwanted().empty());
  CHECK(plan.next() == nullptr);
  CHECK(text_of(plan.finish()).empty());
  plan.note(ipvs::ServiceEntry{{}, table.services[0].service});
  plan.prune(std::vector<uint8_t>{1});
  CHECK(text_of(plan.finish()) == "-1");
}

TEST_CASE("keys that differ only in their ports are found as quickly as random ones") {
  constexpr uint16_t kCount = 8'000;
  test::Random random;
  Wanted of_ports{service(1)};
  Wanted of_random{service(1)};
  Wanted of_services;
  for (uint16_t port = 1; port <= kCount; ++port) {
    of_ports.push_back(destination(1, port));
    of_random.push_back(destination(1, port));
    for (uint8_t& byte : of_random.back().destination.key.address) byte = random.number<uint8_t>();
    of_services.push_back(service(port));
  }
  const auto milliseconds = [](const Wanted& wanted) {
    const clock_t begin = std::clock();
    CHECK_FALSE(ipvs::Plan(wanted, {}).duplicate());
    return static_cast<double>(std::clock() - begin) * 1000 / CLOCKS_PER_SEC;
  };
  // If all keys had one hash, this would take a thousand times as long.
  const double limit = 50 * std::max(milliseconds(of_random), 1.0);
  CHECK(milliseconds(of_ports) < limit);
  CHECK(milliseconds(of_services) < limit);
}
