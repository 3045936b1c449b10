// The connection table, from files that the tests write as the kernel would.
#include "ipvs/connections.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "netlink/error.h"
#include "test/random.h"
#include "test/wire.h"

using ipvs::Address;
using ipvs::Connection;
using ipvs::ConnectionFile;
using ipvs::ConnectionFilter;
using ipvs::ConnectionReader;
using ipvs::ConnectionRow;
using ipvs::CountBy;
using ipvs::matches;
using ipvs::Origin;
using ipvs::parse_connection;
using netlink::Descriptor;
using test::Random;

namespace {

static_assert(std::has_unique_object_representations_v<Connection>);

// A row that owns its texts.
struct Row {
  Connection connection{};
  std::string state;
  std::string engine;
  std::string engine_data;

  ConnectionRow view() const { return {connection, state, engine, engine_data}; }
  bool operator==(const Row& other) const {
    return wire::raw(connection) == wire::raw(other.connection) && state == other.state &&
           engine == other.engine && engine_data == other.engine_data;
  }
};

Row row_of(const ConnectionRow& view) {
  return {view.connection, std::string(view.state), std::string(view.engine),
          std::string(view.engine_data)};
}

std::string hex(uint32_t value, int digits, bool upper) {
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), upper ? "%0*X" : "%0*x", digits, value);
  return text.data();
}

std::string address_text(const Address& address, uint16_t family) {
  std::string text;
  for (size_t i = 0; i < (family == AF_INET ? 4 : 16); ++i) {
    if (family == AF_INET6 && i > 0 && i % 2 == 0) text += ':';
    text += hex(address[i], 2, family == AF_INET);
  }
  return text;
}

std::string padded(std::string text, int width) {
  const auto wanted = static_cast<size_t>(width < 0 ? -width : width);
  while (text.size() < wanted) text.insert(width < 0 ? text.size() : 0, 1, ' ');
  return text;
}

std::string protocol_text(uint16_t protocol) {
  static const std::map<uint16_t, std::string> kNames = {{6, "TCP"},  {17, "UDP"}, {132, "SCTP"},
                                                         {1, "ICMP"}, {0, "IP"},   {58, "ICMPv6"}};
  const auto found = kNames.find(protocol);
  return found != kNames.end() ? found->second : "IP_" + std::to_string(protocol);
}

// As the kernel prints it, without the newline.
std::string print(const Row& row, ConnectionFile file) {
  const Connection& entry = row.connection;
  std::string text = padded(protocol_text(entry.protocol), -3);
  const auto place = [&](const Address& address, uint16_t family, uint16_t port) {
    text += ' ' + address_text(address, family) + ' ' + hex(port, 4, true);
  };
  place(entry.client, entry.family, entry.client_port);
  place(entry.virtual_address, entry.family, entry.virtual_port);
  place(entry.destination, entry.destination_family, entry.destination_port);
  text += ' ' + padded(row.state, -11);
  if (file == ConnectionFile::kOrigins) {
    const bool local = entry.origin == static_cast<uint16_t>(Origin::kLocal);
    text += ' ' + padded(local ? "LOCAL" : "SYNC", -6);
  }
  text += ' ' + padded(std::to_string(entry.expires), 7);
  if (!row.engine.empty()) text += ' ' + row.engine + ' ' + row.engine_data;
  return text;
}

// Of few values, so that the same ones meet.
Address random_address(Random& random, uint16_t family) {
  Address address{};
  address[0] = static_cast<uint8_t>(random.between(1, 2));
  address[family == AF_INET ? 3 : 15] = static_cast<uint8_t>(random.below(3));
  if (random.chance(10)) {
    for (size_t i = 0; i < (family == AF_INET ? 4 : 16); ++i) address[i] = random.number<uint8_t>();
  }
  return address;
}

template <typename Value>
Value pick(Random& random, std::initializer_list<Value> list) {
  return list.begin()[random.below(list.size())];
}

Row random_row(Random& random, ConnectionFile file) {
  Row row;
  Connection& entry = row.connection;
  entry.family = random.chance(50) ? AF_INET : AF_INET6;
  entry.destination_family = random.chance(80) ? entry.family : AF_INET;
  entry.protocol = pick<uint16_t>(random, {6, 17, 132, 1, 58, 0, 50, 65535});
  entry.client = random_address(random, entry.family);
  entry.virtual_address = random_address(random, entry.family);
  entry.destination = random_address(random, entry.destination_family);
  entry.client_port = pick<uint16_t>(random, {0, 1, 0xabcd});
  entry.virtual_port = pick<uint16_t>(random, {0, 80, 443, 65535});
  entry.destination_port = pick<uint16_t>(random, {80, 8080});
  entry.expires = random.number<uint32_t>();
  row.state = pick<std::string>(random, {"NONE", "ASSURED", "ESTABLISHED", "FIN_WAIT", "ERR!"});
  const bool resting = row.state == "NONE" || row.state == "ASSURED";
  if (resting && entry.client_port == 0) entry.flags = Connection::kTemplate;
  if (file == ConnectionFile::kOrigins) {
    entry.origin = static_cast<uint16_t>(random.chance(50) ? Origin::kLocal : Origin::kSync);
  } else if (random.chance(20)) {
    row.engine = "sip";
    row.engine_data = random.word(random.between(1, 30)) + pick<std::string>(random, {"", " @ x "});
  }
  return row;
}

ConnectionFile random_file(Random& random) {
  return random.chance(50) ? ConnectionFile::kConnections : ConnectionFile::kOrigins;
}

struct Table {
  std::vector<Row> rows;
  std::string text;
};

Table random_table(Random& random, ConnectionFile file, size_t count) {
  Table table;
  table.text = "Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires PEName PEData\n";
  for (size_t i = 0; i < count; ++i) {
    table.rows.push_back(random_row(random, file));
    table.text += print(table.rows.back(), file) + '\n';
  }
  return table;
}

Descriptor file_with(const std::string& text) {
  Descriptor file(::memfd_create("table", MFD_CLOEXEC));
  REQUIRE(file);
  REQUIRE(::write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  REQUIRE(::lseek(file.get(), 0, SEEK_SET) == 0);
  return file;
}

// All rows of a reader, in batches of at most `limit`.
std::vector<Row> read_all(ConnectionReader& reader, size_t limit) {
  std::vector<Row> rows;
  for (bool done = false; !done;) {
    const auto batch = reader.next(limit);
    CHECK(batch.connections.size() <= limit);
    const auto text = [&](uint32_t place) {
      return place == 0 ? std::string() : batch.texts.at(place - 1);
    };
    for (Connection connection : batch.connections) {
      Row row{connection, text(connection.state), text(connection.engine),
              text(connection.engine_data)};
      row.connection.state = row.connection.engine = row.connection.engine_data = 0;
      rows.push_back(row);
    }
    done = batch.done;
  }
  return rows;
}

}  // namespace

TEST_CASE("a row is read as the kernel prints it") {
  const auto row =
      parse_connection("TCP 0A000001 9C40 0A600001 0050 0A020002 1F90 ESTABLISHED     899",
                       ConnectionFile::kConnections);
  REQUIRE(row.has_value());
  const Connection& entry = row->connection;
  CHECK(entry.protocol == IPPROTO_TCP);
  CHECK(entry.family == AF_INET);
  CHECK((entry.client == Address{10, 0, 0, 1}));
  CHECK(entry.client_port == 40000);
  CHECK((entry.virtual_address == Address{10, 96, 0, 1}));
  CHECK(entry.virtual_port == 80);
  CHECK((entry.destination == Address{10, 2, 0, 2}));
  CHECK(entry.destination_port == 8080);
  CHECK(row->state == "ESTABLISHED");
  CHECK(entry.expires == 899);
  CHECK(entry.flags == 0);
  CHECK(row->engine.empty());
  CHECK(row->engine_data.empty());
}

TEST_CASE("a row of IPv6, with data of an engine") {
  const auto row = parse_connection(
      "UDP fd00:0000:0000:0000:0000:0000:0000:0001 0000 2001:0db8:0000:0000:0000:0000:00ff:0002 "
      "13C4 0A020002 13C4 NONE            300 sip abc-123 call@10.1.0.2",
      ConnectionFile::kConnections);
  REQUIRE(row.has_value());
  CHECK(row->connection.family == AF_INET6);
  CHECK(row->connection.destination_family == AF_INET);
  CHECK((row->connection.virtual_address ==
         Address{0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0, 2}));
  CHECK(row->connection.flags == Connection::kTemplate);
  CHECK(row->engine == "sip");
  CHECK(row->engine_data == "abc-123 call@10.1.0.2");
}

TEST_CASE("a row with its origin") {
  const char* line = "TCP 0A000001 9C40 0A600001 0050 0A020002 1F90 FIN_WAIT    SYNC       120";
  const auto row = parse_connection(line, ConnectionFile::kOrigins);
  REQUIRE(row.has_value());
  CHECK(row->connection.origin == static_cast<uint16_t>(Origin::kSync));
  CHECK(row->connection.expires == 120);
  CHECK_FALSE(parse_connection(line, ConnectionFile::kConnections).has_value());
}

TEST_CASE("what any kernel may print is read") {
  Random random;
  for (int round = 0; round < 5000; ++round) {
    const ConnectionFile file = random_file(random);
    const Row row = random_row(random, file);
    const std::string line = print(row, file);
    CAPTURE(line);
    const auto read = parse_connection(line, file);
    REQUIRE(read.has_value());
    REQUIRE(row_of(*read) == row);
  }
}

TEST_CASE("what is no row is none, and is not read beyond its end") {
  for (const char* line :
       {"", " ", "Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires PEName PEData",
        "TCP", "TCP 0A000001", "XYZ 0A000001 9C40 0A600001 0050 0A020002 1F90 NONE 1",
        "IP_65536 0A000001 9C40 0A600001 0050 0A020002 1F90 NONE 1",
        "IP_ 0A000001 9C40 0A600001 0050 0A020002 1F90 NONE 1",
        "TCP 0A00000 9C40 0A600001 0050 0A020002 1F90 NONE 1",
        "TCP 0A000001 19C40 0A600001 0050 0A020002 1F90 NONE 1",
        "TCP 0A000001 9C4G 0A600001 0050 0A020002 1F90 NONE 1",
        "TCP 0A000001 9C40 fd00:0000:0000:0000:0000:0000:0000:0001 0050 0A020002 1F90 NONE 1",
        "TCP 0A000001 9C40 0A600001 0050 fd00.0000.0000.0000.0000.0000.0000.0001 1F90 NONE 1",
        "TCP 0A000001 9C40 0A600001 0050 0A020002 1F90 NONE -1",
        "TCP 0A000001 9C40 0A600001 0050 0A020002 1F90 NONE 4294967296",
        "TCP 0A000001 9C40 0A600001 0050 0A020002 1F90 NONE 1x"}) {
    CAPTURE(line);
    CHECK_FALSE(parse_connection(line, ConnectionFile::kConnections).has_value());
  }
  Random random;
  for (int round = 0; round < 50'000; ++round) {
    const ConnectionFile file = random_file(random);
    std::string line = print(random_row(random, file), file);
    for (size_t count = random.between(1, 3); count > 0 && !line.empty(); --count) {
      const size_t at = random.below(line.size());
      if (random.chance(30)) line.resize(at);
      if (at < line.size()) line[at] = static_cast<char>(random.number<uint8_t>());
    }
    // A copy that ends where its memory does.
    const std::vector<char> exact(line.begin(), line.end());
    const auto row = parse_connection({exact.data(), exact.size()}, file);
    if (!row) continue;
    const Row read = row_of(*row);
    const std::string printed = print(read, file);
    const auto again = parse_connection(printed, file);
    if (!again || !(row_of(*again) == read)) FAIL(line << " is not " << printed);
  }
}

TEST_SUITE("filters") {
  TEST_CASE("let through what matches every criterion") {
    Random random;
    size_t passed = 0;
    for (int round = 0; round < 20'000; ++round) {
      const Row row = random_row(random, ConnectionFile::kConnections);
      const Row other = random.chance(50) ? row : random_row(random, ConnectionFile::kConnections);
      const Connection& a = row.connection;
      const Connection& b = other.connection;
      ConnectionFilter filter{};
      filter.criteria = random.number<uint32_t>() & 31;
      filter.protocol = b.protocol;
      filter.service.family = b.family;
      filter.service.protocol = b.protocol;
      filter.service.address = b.virtual_address;
      filter.service.port = b.virtual_port;
      filter.destination = {b.destination, b.destination_family, b.destination_port};
      filter.client = b.client;
      filter.client_family = b.family;
      filter.client_prefix = static_cast<uint32_t>(random.below(b.family == AF_INET ? 33 : 129));
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
      demand(ConnectionFilter::kDestination, a.destination_family == b.destination_family &&
                                                 a.destination == b.destination &&
                                                 a.destination_port == b.destination_port);
      bool same_bits = a.family == b.family;
      for (uint32_t bit = 0; bit < filter.client_prefix; ++bit) {
        const int shift = 7 - static_cast<int>(bit % 8);
        same_bits =
            same_bits && ((a.client[bit / 8] >> shift) & 1) == ((b.client[bit / 8] >> shift) & 1);
      }
      demand(ConnectionFilter::kClient, same_bits);
      demand(ConnectionFilter::kState, row.state == other.state);
      CHECK(matches(filter, row.view()) == expected);
      passed += expected ? 1 : 0;
    }
    CHECK(passed > 2000);
    CHECK(passed < 18'000);
  }

  TEST_CASE("by a firewall mark find its templates") {
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

  TEST_CASE("with a prefix that is longer than an address want the whole address") {
    ConnectionFilter filter{};
    filter.criteria = ConnectionFilter::kClient;
    filter.client_family = AF_INET;
    Row row;
    row.connection.family = AF_INET;
    Row other = row;
    other.connection.client[3] = 1;
    for (const uint32_t prefix : {33U, 128U, 129U, 136U, 4096U, 0xffffffffU}) {
      CAPTURE(prefix);
      filter.client_prefix = prefix;
      CHECK(matches(filter, row.view()));
      CHECK_FALSE(matches(filter, other.view()));
    }
  }
}

TEST_CASE("a table is read in batches of any size, however the file is cut") {
  Random random;
  for (int round = 0; round < 60; ++round) {
    CAPTURE(round);
    const ConnectionFile file = random_file(random);
    const Table table = random_table(random, file, random.below(round % 20 == 0 ? 3000 : 100));
    int ends[2];
    REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
    std::thread writer([&table, end = ends[1], piece = random.between(1, 5000)] {
      for (size_t at = 0; at < table.text.size(); at += piece) {
        const size_t length = std::min(piece, table.text.size() - at);
        if (::write(end, table.text.data() + at, length) < 0) break;
      }
      ::close(end);
    });
    ConnectionReader reader(Descriptor(ends[0]), file, {});
    const auto rows = read_all(reader, random.between(1, 50));
    writer.join();
    CHECK((rows == table.rows));
    CHECK(reader.next(10).done);
    CHECK(reader.next(10).connections.empty());
  }
}

TEST_CASE("states and engines are named once in a batch") {
  Random random;
  const Table table = random_table(random, ConnectionFile::kConnections, 1000);
  ConnectionReader reader(file_with(table.text), ConnectionFile::kConnections, {});
  const auto batch = reader.next(1000);
  REQUIRE(batch.connections.size() == 1000);
  size_t data = 0;
  for (const Row& row : table.rows) data += row.engine_data.empty() ? 0 : 1;
  CHECK(batch.texts.size() == data + 5 + 1);
}

TEST_CASE("only what matches is read") {
  Random random;
  const Table table = random_table(random, ConnectionFile::kConnections, 2000);
  ConnectionFilter filter{};
  filter.criteria = ConnectionFilter::kState;
  filter.state.assign("FIN_WAIT");
  std::vector<Row> expected;
  for (const Row& row : table.rows) {
    if (row.state == "FIN_WAIT") expected.push_back(row);
  }
  ConnectionReader reader(file_with(table.text), ConnectionFile::kConnections, filter);
  CHECK((read_all(reader, 7) == expected));
}

TEST_CASE("rows are counted by any columns") {
  Random random;
  for (uint32_t by = 0; by < 16; ++by) {
    CAPTURE(by);
    const Table table = random_table(random, ConnectionFile::kConnections, 1500);
    std::map<std::string, uint64_t> expected;
    for (const Row& row : table.rows) {
      Connection group{};
      const Connection& entry = row.connection;
      if ((by & CountBy::kService) != 0) {
        group.family = entry.family;
        group.virtual_address = entry.virtual_address;
        group.virtual_port = entry.virtual_port;
      }
      if ((by & (CountBy::kService | CountBy::kProtocol)) != 0) group.protocol = entry.protocol;
      if ((by & CountBy::kDestination) != 0) {
        group.destination = entry.destination;
        group.destination_family = entry.destination_family;
        group.destination_port = entry.destination_port;
      }
      const bool state = (by & CountBy::kState) != 0;
      ++expected[wire::to_hex(wire::raw(group)) + (state ? row.state : "")];
    }
    ConnectionReader reader(file_with(table.text), ConnectionFile::kConnections, {});
    const auto result = reader.count(by);
    std::map<std::string, uint64_t> counted;
    for (const auto& [group, count] : result.counts) {
      Connection bare = group;
      bare.state = 0;
      const std::string state = group.state == 0 ? "" : result.texts.at(group.state - 1);
      CHECK(counted.emplace(wire::to_hex(wire::raw(bare)) + state, count).second);
    }
    CHECK((counted == expected));
  }
}

TEST_CASE("a line that is longer than any of the kernel's is an error, not a gap") {
  Random random;
  const Table table = random_table(random, ConnectionFile::kConnections, 10);
  for (const size_t length : {65'535, 65'536, 65'537, 300'000}) {
    CAPTURE(length);
    ConnectionReader reader(file_with(std::string(length, 'x') + '\n' + table.text),
                            ConnectionFile::kConnections, {});
    CHECK_THROWS_AS(read_all(reader, 3), netlink::Error);
  }
}

namespace {

struct RealRow {
  ConnectionFile file;
  const char* line;
  uint16_t protocol;
  uint16_t family;
  uint16_t destination_family;
  bool is_template;
  const char* state;
  uint32_t expires;
  const char* engine_data;
};

constexpr auto kRows = ConnectionFile::kConnections;
constexpr auto kOrigins = ConnectionFile::kOrigins;

// Printed by Linux 6.1.176 and 7.2.7, which agree but for the order; the last ones by hand, as
// their sources do.
constexpr RealRow kReal[] = {
    {kRows, "TCP 0A000007 0400 0A600001 0050 7F000002 1F90 ESTABLISHED     892", IPPROTO_TCP,
     AF_INET, AF_INET, false, "ESTABLISHED", 892, ""},
    {kRows, "TCP 0A000007 0402 0A600001 0056 7F000002 0056 CLOSE             2", IPPROTO_TCP,
     AF_INET, AF_INET, false, "CLOSE", 2, ""},
    {kRows, "TCP 0A000000 0000 0A600001 0055 7F000002 1F90 ASSURED          52", IPPROTO_TCP,
     AF_INET, AF_INET, true, "ASSURED", 52, ""},
    {kRows, "UDP 0A000007 0402 0A600001 13C4 7F000002 1F90 UDP             297", IPPROTO_UDP,
     AF_INET, AF_INET, false, "UDP", 297, ""},
    {kRows,
     "UDP 0A000007 0000 0A600001 13C4 7F000002 1F90 ASSURED          57 sip "
     "\xe9\"<z>\\%[{~`@10.0.0.7",
     IPPROTO_UDP, AF_INET, AF_INET, true, "ASSURED", 57, "\xe9\"<z>\\%[{~`@10.0.0.7"},
    {kRows, "SCTP 0A000007 0400 0A600001 0050 7F000002 1F90 INIT1             1", IPPROTO_SCTP,
     AF_INET, AF_INET, false, "INIT1", 1, ""},
    {kRows, "SCTP 0A010007 0402 0A600001 0052 0A010002 1F90 S-RECEIVED       60", IPPROTO_SCTP,
     AF_INET, AF_INET, false, "S-RECEIVED", 60, ""},
    {kRows,
     "UDP 0A000007 0400 0A600001 0036 fd03:0000:0000:0000:0000:0000:0000:0002 0036 UDP            "
     " 297",
     IPPROTO_UDP, AF_INET, AF_INET6, false, "UDP", 297, ""},
    {kRows,
     "TCP fd96:0000:0000:0000:0000:0000:0000:0001 0400 fd96:0000:0000:0000:0000:0000:0000:0001 "
     "0050 fd02:0000:0000:0000:0000:0000:0000:0002 1F90 ESTABLISHED     897",
     IPPROTO_TCP, AF_INET6, AF_INET6, false, "ESTABLISHED", 897, ""},
    {kRows, "IP  0A000007 0000 00000007 0000 7F000002 0000 NONE             57", IPPROTO_IP,
     AF_INET, AF_INET, true, "NONE", 57, ""},
    {kRows,
     "IP  fd96:0000:0000:0000:0000:0000:0000:0001 0000 0000:0007:0000:0000:0000:0000:0000:0000 "
     "0000 fd02:0000:0000:0000:0000:0000:0000:0002 0000 NONE             57",
     IPPROTO_IP, AF_INET6, AF_INET6, true, "NONE", 57, ""},
    {kOrigins, "TCP 0A000007 0401 0A600001 0055 7F000002 1F90 ESTABLISHED LOCAL      900",
     IPPROTO_TCP, AF_INET, AF_INET, false, "ESTABLISHED", 900, ""},
    {kOrigins, "IP  0A000007 0000 00000007 0000 7F000002 0000 NONE        LOCAL       60",
     IPPROTO_IP, AF_INET, AF_INET, true, "NONE", 60, ""},
    {kRows, "IP_50 0A000007 01F4 0A600001 01F4 7F000002 01F4 NONE              1", 50, AF_INET,
     AF_INET, false, "NONE", 1, ""},
    {kRows,
     "ICMPv6 fd96:0000:0000:0000:0000:0000:0000:0001 0001 "
     "fd96:0000:0000:0000:0000:0000:0000:0001 0000 fd02:0000:0000:0000:0000:0000:0000:0002 0000 "
     "ERR!              9",
     IPPROTO_ICMPV6, AF_INET6, AF_INET6, false, "ERR!", 9, ""},
};

// A copy that ends where its memory does, for the sanitizer to see.
std::optional<Row> parse_exactly(std::string_view line, ConnectionFile file) {
  const std::vector<char> exact(line.begin(), line.end());
  const auto row = parse_connection({exact.data(), exact.size()}, file);
  return row ? std::optional(row_of(*row)) : std::nullopt;
}

}  // namespace

TEST_SUITE("rows of real kernels") {
  TEST_CASE("are read") {
    for (const RealRow& real : kReal) {
      CAPTURE(real.line);
      const auto row = parse_connection(real.line, real.file);
      REQUIRE(row.has_value());
      CHECK(row->connection.protocol == real.protocol);
      CHECK(row->connection.family == real.family);
      CHECK(row->connection.destination_family == real.destination_family);
      CHECK((row->connection.flags == Connection::kTemplate) == real.is_template);
      CHECK(row->state == real.state);
      CHECK(row->connection.expires == real.expires);
      CHECK(row->engine_data == real.engine_data);
      CHECK(row->engine == (*real.engine_data == '\0' ? "" : "sip"));
      CHECK(print(row_of(*row), real.file) == real.line);
    }
  }

  TEST_CASE("cut short anywhere are none, or lack what was cut off") {
    for (const RealRow& real : kReal) {
      const std::string_view line = real.line;
      const auto whole = parse_exactly(line, real.file);
      REQUIRE(whole.has_value());
      // Where the seconds begin: nothing shorter is a row.
      const std::string seconds = ' ' + std::to_string(real.expires);
      const size_t begin = line.rfind(seconds + (whole->engine.empty() ? "" : " sip"));
      REQUIRE(begin != std::string_view::npos);
      for (size_t length = 0; length < line.size(); ++length) {
        const auto row = parse_exactly(line.substr(0, length), real.file);
        CAPTURE(line.substr(0, length));
        CHECK(row.has_value() == (length >= begin + 2));
        if (!row) continue;
        CHECK(row->state == whole->state);
        CHECK(row->connection.destination_port == whole->connection.destination_port);
        CHECK(whole->engine.starts_with(row->engine));
        CHECK(whole->engine_data.starts_with(row->engine_data));
      }
    }
  }

  TEST_CASE("damaged in any way are read within their bounds, and never as what they do not say") {
    Random random;
    size_t read = 0;
    for (int round = 0; round < 200'000; ++round) {
      const RealRow& real = kReal[random.below(std::size(kReal))];
      std::string line = real.line;
      for (size_t count = random.between(1, 4); count > 0; --count) {
        const size_t at = random.below(line.size() + 1);
        const auto byte = static_cast<char>(random.number<uint8_t>());
        const size_t kind = random.below(4);
        if (kind == 0) line.insert(at, 1, byte);
        if (kind == 1) line.erase(at, random.below(9));
        if (kind == 2 && at < line.size()) line[at] = byte;
        if (kind == 3) line.insert(at, line.substr(random.below(line.size() + 1), 40));
      }
      const auto row = parse_exactly(line, real.file);
      if (!row) continue;
      ++read;
      const auto again = parse_exactly(print(*row, real.file), real.file);
      if (!again || !(*again == *row)) FAIL(line << " is not " << print(*row, real.file));
    }
    CHECK(read > 5'000);
    CHECK(read < 150'000);
  }

  TEST_CASE("are read from whatever delivers them, byte by byte too") {
    std::string text = "Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires\n";
    size_t rows = 0;
    for (const RealRow& real : kReal) {
      if (real.file != kRows) continue;
      text += std::string(real.line) + '\n';
      ++rows;
    }
    for (const size_t piece : {size_t{1}, size_t{2}, size_t{63}, size_t{65}, text.size()}) {
      CAPTURE(piece);
      int ends[2];
      REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
      std::thread writer([&text, piece, end = ends[1]] {
        for (size_t at = 0; at < text.size(); at += piece) {
          const std::string_view part = std::string_view(text).substr(at, piece);
          if (::write(end, part.data(), part.size()) < 0) break;
        }
        ::close(end);
      });
      ConnectionReader reader(Descriptor(ends[0]), kRows, {});
      const auto read = read_all(reader, 4);
      writer.join();
      REQUIRE(read.size() == rows);
      size_t place = 0;
      for (const RealRow& real : kReal) {
        if (real.file == kRows) CHECK(print(read[place++], kRows) == real.line);
      }
    }
  }

  TEST_CASE("that have no end are none") {
    const std::string text = std::string(kReal[0].line) + '\n' + kReal[3].line;
    ConnectionReader reader(file_with(text), kRows, {});
    CHECK(read_all(reader, 10).size() == 1);
  }
}

TEST_CASE("the end of a line that is too long is no row") {
  for (const size_t length : {size_t{65'535}, size_t{65'536}, size_t{65'537}, size_t{131'072}}) {
    CAPTURE(length);
    const std::string text = std::string(length, 'x') + kReal[0].line + '\n' + kReal[3].line + '\n';
    ConnectionReader reader(file_with(text), kRows, {});
    CHECK_THROWS_AS(read_all(reader, 10), netlink::Error);
  }
}

TEST_CASE("a hundred thousand rows are counted, and read") {
  constexpr uint32_t kRowCount = 100'000;
  constexpr uint32_t kServices = 1'000;
  std::string text;
  for (uint32_t i = 0; i < kRowCount; ++i) {
    text += "TCP " + hex(0x0a000001 + i, 8, true) + " 0400 0A600001 " +
            hex(i % kServices, 4, true) + " 7F000002 1F90 " +
            (i % 2 == 0 ? "ESTABLISHED" : "TIME_WAIT  ") + "     899\n";
  }
  const auto open = [&text] { return ConnectionReader(file_with(text), kRows, {}); };
  auto all = open().count(0);
  REQUIRE(all.counts.size() == 1);
  CHECK(all.counts[0].count == kRowCount);
  auto services = open().count(CountBy::kService);
  CHECK(services.counts.size() == kServices);
  for (const auto& service : services.counts) CHECK(service.count == kRowCount / kServices);
  auto states = open().count(CountBy::kState | CountBy::kDestination);
  REQUIRE(states.counts.size() == 2);
  CHECK(states.counts[0].count + states.counts[1].count == kRowCount);
  ConnectionReader reader = open();
  CHECK(read_all(reader, 2048).size() == kRowCount);
}

TEST_CASE("a call reads a part of the table, also where nothing matches") {
  std::string text;
  constexpr size_t kRowCount = 50'000;
  for (size_t i = 0; i < kRowCount; ++i) text += std::string(kReal[0].line) + '\n';
  ConnectionFilter filter{};
  filter.criteria = ConnectionFilter::kState;
  filter.state.assign("LISTEN");
  ConnectionReader reader(file_with(text), kRows, filter);
  size_t calls = 0;
  for (bool done = false; !done; ++calls) {
    const auto batch = reader.next(kRowCount);
    CHECK(batch.connections.empty());
    done = batch.done;
  }
  CHECK(calls > 3);
}

TEST_CASE("what cannot be read is an error of read()") {
  ConnectionReader reader(Descriptor(::open("/", O_RDONLY | O_CLOEXEC)),
                          ConnectionFile::kConnections, {});
  try {
    (void)reader.next(1);
    FAIL("a folder was read");
  } catch (const netlink::Error& error) {
    CHECK(error.error() == EISDIR);
    CHECK(error.syscall() == "read");
  }
}

TEST_CASE("the running kernel has the file, or says ENOENT") {
  for (const auto file : {ConnectionFile::kConnections, ConnectionFile::kOrigins}) {
    try {
      ConnectionReader reader(netlink::Namespace(), file, {});
      (void)reader.next(1);
    } catch (const netlink::Error& error) {
      CHECK(error.error() == ENOENT);
      CHECK(error.syscall() == "open");
    }
  }
}
