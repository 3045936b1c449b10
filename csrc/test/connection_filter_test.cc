// Filters of the connection table.
#include "ipvs/connection_filter.h"

#include <doctest/doctest.h>
#include <netinet/in.h>

#include "test/connection_text.h"
#include "test/random.h"

using ipvs::Address;
using ipvs::Connection;
using ipvs::ConnectionFile;
using ipvs::ConnectionFilter;
using ipvs::DestinationKey;
using ipvs::matches;
using ipvs::ServiceFacts;
using test::Random;
using test::random_row;
using test::Row;

namespace {

bool same_bits(const Address& a, const Address& b, uint32_t count) {
  for (uint32_t bit = 0; bit < count; ++bit) {
    const int shift = 7 - static_cast<int>(bit % 8);
    if (((a[bit / 8] ^ b[bit / 8]) >> shift & 1) != 0) return false;
  }
  return true;
}

Row row_to(const Address& address, uint16_t port, uint16_t virtual_port) {
  Row row;
  row.connection.family = AF_INET;
  row.connection.protocol = IPPROTO_TCP;
  row.connection.virtual_address = {10, 96, 0, 1};
  row.connection.virtual_port = virtual_port;
  row.connection.destination_family = AF_INET;
  row.connection.destination = address;
  row.connection.destination_port = port;
  row.state = "ESTABLISHED";
  return row;
}

constexpr Address kServer{10, 0, 0, 2};

}  // namespace

TEST_CASE("a filter lets a row through if it matches every criterion") {
  Random random;
  size_t passed = 0;
  for (int round = 0; round < 20'000; ++round) {
    const Row row = random_row(random, ConnectionFile::kConnections);
    const Row other = random.chance(50) ? row : random_row(random, ConnectionFile::kConnections);
    const Connection& a = row.connection;
    const Connection& b = other.connection;
    ConnectionFilter filter{};
    filter.criteria = random.number<uint32_t>() & 63;
    filter.protocol = b.protocol;
    filter.service.family = b.family;
    filter.service.protocol = b.protocol;
    filter.service.address = b.virtual_address;
    filter.service.port = b.virtual_port;
    filter.destination = {b.destination, b.destination_family, b.destination_port};
    const auto any_prefix = [&](uint16_t family) {
      return static_cast<uint32_t>(random.below(family == AF_INET ? 33 : 129));
    };
    filter.client = b.client;
    filter.client_family = b.family;
    filter.client_prefix = any_prefix(b.family);
    filter.server = b.destination;
    filter.server_family = b.destination_family;
    filter.server_prefix = any_prefix(b.destination_family);
    filter.state.assign(other.state);

    bool expected = true;
    const auto demand = [&](uint32_t criterion, bool met) {
      if ((filter.criteria & criterion) != 0) expected = expected && met;
    };
    demand(ConnectionFilter::kProtocol, a.protocol == b.protocol);
    demand(ConnectionFilter::kService,
           a.family == b.family && a.protocol == b.protocol &&
               a.virtual_address == b.virtual_address &&
               (b.virtual_port == 0 || a.virtual_port == b.virtual_port));
    const bool all_ports =
        (filter.criteria & ConnectionFilter::kService) != 0 && b.virtual_port == 0;
    const bool any_port =
        b.destination_port == 0 || (all_ports && a.destination_port == a.virtual_port);
    demand(ConnectionFilter::kDestination,
           a.destination_family == b.destination_family && a.destination == b.destination &&
               (any_port || a.destination_port == b.destination_port));
    demand(ConnectionFilter::kClient,
           a.family == b.family && same_bits(a.client, b.client, filter.client_prefix));
    demand(ConnectionFilter::kServer,
           a.destination_family == b.destination_family &&
               same_bits(a.destination, b.destination, filter.server_prefix));
    demand(ConnectionFilter::kState, row.state == other.state);
    CHECK(matches(filter, row.view()) == expected);
    passed += expected ? 1 : 0;
  }
  CHECK(passed > 2000);
  CHECK(passed < 18'000);
}

TEST_CASE("a filter by a firewall mark finds the templates of the mark") {
  ConnectionFilter filter{};
  filter.criteria = ConnectionFilter::kService;
  filter.service.family = AF_INET;
  filter.service.fwmark = 0x01020304;
  Row row;
  row.connection.family = AF_INET;
  row.connection.protocol = IPPROTO_IP;
  row.connection.virtual_address = {1, 2, 3, 4};
  row.connection.flags = Connection::kTemplate;
  row.state = "NONE";
  CHECK(matches(filter, row.view()));
  Row other = row;
  other.connection.virtual_address[3] = 5;
  CHECK_FALSE(matches(filter, other.view()));
  other = row;
  other.connection.protocol = IPPROTO_TCP;
  CHECK_FALSE(matches(filter, other.view()));
  other = row;
  other.connection.flags = 0;
  CHECK_FALSE(matches(filter, other.view()));
  other = row;
  other.connection.family = AF_INET6;
  CHECK_FALSE(matches(filter, other.view()));
}

TEST_CASE("a filter by a firewall mark finds what may have come to its destinations") {
  ConnectionFilter filter{};
  filter.criteria = ConnectionFilter::kService;
  filter.service.family = AF_INET;
  filter.service.fwmark = 7;
  const DestinationKey keys[] = {{kServer, AF_INET, 8080},
                                 {{10, 0, 0, 3}, AF_INET, 0},
                                 {{10, 0, 0, 1}, AF_INET, 80},
                                 {{10, 0, 0, 4}, AF_INET6, 80},
                                 {kServer, AF_INET, 8081}};
  const ServiceFacts facts({}, keys);
  const auto found = [&](const Row& row) { return matches(filter, row.view(), facts); };
  CHECK(found(row_to(kServer, 8080, 80)));
  CHECK(found(row_to(kServer, 8081, 80)));
  CHECK_FALSE(found(row_to(kServer, 8082, 80)));
  // Persistence keeps the port that the client used.
  CHECK(found(row_to(kServer, 443, 443)));
  CHECK(found(row_to({10, 0, 0, 3}, 443, 443)));
  CHECK_FALSE(found(row_to({10, 0, 0, 3}, 443, 80)));
  CHECK_FALSE(found(row_to({10, 0, 0, 4}, 80, 80)));
  CHECK_FALSE(found(row_to({10, 0, 0, 5}, 80, 80)));
  CHECK_FALSE(matches(filter, row_to(kServer, 8080, 80).view()));
  Row other = row_to(kServer, 8080, 80);
  other.connection.family = AF_INET6;
  CHECK_FALSE(found(other));
  // A template belongs to another service.
  other = row_to(kServer, 8080, 80);
  other.connection.flags = Connection::kTemplate;
  CHECK_FALSE(found(other));
}

TEST_CASE("a filter by a firewall mark and a destination asks for no facts") {
  ConnectionFilter filter{};
  filter.criteria = ConnectionFilter::kService | ConnectionFilter::kDestination;
  filter.service.family = AF_INET;
  filter.service.fwmark = 7;
  const auto found = [&](const Row& row) { return matches(filter, row.view()); };
  filter.destination = {kServer, AF_INET, 8080};
  CHECK(found(row_to(kServer, 8080, 80)));
  CHECK(found(row_to(kServer, 443, 443)));
  CHECK_FALSE(found(row_to(kServer, 8081, 80)));
  CHECK_FALSE(found(row_to({10, 0, 0, 3}, 8080, 80)));
  filter.destination.port = 0;
  CHECK(found(row_to(kServer, 8081, 80)));
  CHECK(found(row_to(kServer, 443, 443)));
  CHECK_FALSE(found(row_to({10, 0, 0, 3}, 8080, 80)));
}

TEST_CASE("a filter by a service of port 0 leaves out ports that have services of their own") {
  ConnectionFilter filter{};
  filter.criteria = ConnectionFilter::kService;
  filter.service.family = AF_INET;
  filter.service.protocol = IPPROTO_TCP;
  filter.service.address = {10, 96, 0, 1};
  const uint16_t ports[] = {443, 80, 65535};
  const ServiceFacts facts(ports, {});
  for (const uint16_t port : {0, 1, 79, 80, 81, 443, 444, 65534, 65535}) {
    CAPTURE(port);
    const Row row = row_to(kServer, port, port);
    CHECK(matches(filter, row.view()));
    CHECK(matches(filter, row.view(), facts) == (port != 80 && port != 443 && port != 65535));
  }
}

TEST_CASE("a filter by a destination of port 0 matches any port, of any service") {
  ConnectionFilter filter{};
  filter.destination = {kServer, AF_INET, 0};
  filter.service.family = AF_INET;
  filter.service.protocol = IPPROTO_TCP;
  filter.service.address = {10, 96, 0, 1};
  for (const uint32_t service : {0U, ConnectionFilter::kService}) {
    CAPTURE(service);
    filter.criteria = service | ConnectionFilter::kDestination;
    CHECK(matches(filter, row_to(kServer, 8080, 80).view()));
    CHECK(matches(filter, row_to(kServer, 0, 80).view()));
    CHECK_FALSE(matches(filter, row_to({10, 0, 0, 3}, 8080, 80).view()));
  }
}

TEST_CASE("a filter with a prefix longer than an address compares the whole address") {
  ConnectionFilter filter{};
  filter.client_family = AF_INET;
  filter.server_family = AF_INET;
  Row row;
  row.connection.family = AF_INET;
  row.connection.destination_family = AF_INET;
  Row other = row;
  other.connection.client[3] = 1;
  other.connection.destination[3] = 1;
  for (const uint32_t prefix : {33U, 128U, 129U, 136U, 4096U, 0xffffffffU}) {
    CAPTURE(prefix);
    filter.client_prefix = prefix;
    filter.server_prefix = prefix;
    filter.criteria = ConnectionFilter::kServer;
    CHECK(matches(filter, row.view()));
    CHECK_FALSE(matches(filter, other.view()));
    filter.criteria = ConnectionFilter::kClient;
    CHECK(matches(filter, row.view()));
    CHECK_FALSE(matches(filter, other.view()));
  }
}
