// Parsing of the rows of the connection table.
#include "ipvs/connection_row.h"

#include <doctest/doctest.h>
#include <netinet/in.h>

#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "test/connection_text.h"
#include "test/random.h"

using ipvs::Address;
using ipvs::Connection;
using ipvs::ConnectionFile;
using ipvs::Origin;
using ipvs::parse_connection;
using test::kReal;
using test::print;
using test::Random;
using test::random_file;
using test::random_row;
using test::RealRow;
using test::Row;
using test::row_of;

namespace {

static_assert(std::has_unique_object_representations_v<Connection>);

// Parses a copy that ends where its memory does, so that AddressSanitizer notices reads past it.
std::optional<Row> parse_exactly(std::string_view line, ConnectionFile file) {
  const std::vector<char> exact(line.begin(), line.end());
  const auto row = parse_connection({exact.data(), exact.size()}, file);
  return row ? std::optional(row_of(*row)) : std::nullopt;
}

}  // namespace

TEST_CASE("a row is parsed as the kernel prints it") {
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

TEST_CASE("a row of IPv6 is parsed with the data of its engine") {
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

TEST_CASE("a row of the other file is parsed with its origin") {
  const char* line = "TCP 0A000001 9C40 0A600001 0050 0A020002 1F90 FIN_WAIT    SYNC       120";
  const auto row = parse_connection(line, ConnectionFile::kOrigins);
  REQUIRE(row.has_value());
  CHECK(row->connection.origin == static_cast<uint16_t>(Origin::kSync));
  CHECK(row->connection.expires == 120);
  CHECK_FALSE(parse_connection(line, ConnectionFile::kConnections).has_value());
}

TEST_CASE("any row that a kernel may print is parsed") {
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

TEST_CASE("text that is not a row is rejected, and not read past its end") {
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

TEST_CASE("rows of real kernels are parsed") {
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

TEST_CASE("a real row cut anywhere is rejected, or lacks only what was cut off") {
  for (const RealRow& real : kReal) {
    const std::string_view line = real.line;
    const auto whole = parse_exactly(line, real.file);
    REQUIRE(whole.has_value());
    // A row extends at least to the first digit of the seconds.
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

TEST_CASE("a damaged real row is read within its bounds, and never as something it does not say") {
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
