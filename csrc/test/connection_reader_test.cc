// Reading the connection table, from files that the tests write as the kernel would.
#include "ipvs/connections.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <map>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "os/descriptor.h"
#include "os/error.h"
#include "os/namespace.h"
#include "test/connection_text.h"
#include "test/random.h"
#include "test/signal_storm.h"
#include "test/wire.h"

using ipvs::Connection;
using ipvs::ConnectionFile;
using ipvs::ConnectionFilter;
using ipvs::ConnectionReader;
using ipvs::CountBy;
using os::Descriptor;
using test::hex;
using test::kReal;
using test::kRows;
using test::print;
using test::Random;
using test::random_file;
using test::random_row;
using test::RealRow;
using test::Row;

namespace {

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

// Returns all rows of a reader, in batches of at most `limit`.
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

TEST_CASE("a table is read in batches of any size, however the reads divide the file") {
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

TEST_CASE("a batch names each state and engine once") {
  Random random;
  const Table table = random_table(random, ConnectionFile::kConnections, 1000);
  ConnectionReader reader(file_with(table.text), ConnectionFile::kConnections, {});
  const auto batch = reader.next(1000);
  REQUIRE(batch.connections.size() == 1000);
  size_t data = 0;
  for (const Row& row : table.rows) data += row.engine_data.empty() ? 0 : 1;
  CHECK(batch.texts.size() == data + 5 + 1);
}

TEST_CASE("the reader returns only rows that match the filter") {
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

TEST_CASE("templates that the kernel has invalidated are neither returned nor counted") {
  Random random;
  Table table = random_table(random, ConnectionFile::kConnections, 2000);
  std::vector<Row> valid;
  table.text.clear();
  for (Row row : table.rows) {
    if (random.chance(50)) row.connection.destination_port = 0xffff;
    table.text += print(row, ConnectionFile::kConnections) + '\n';
    const bool is_template = row.connection.flags & Connection::kTemplate;
    if (!is_template || row.connection.destination_port != 0xffff) valid.push_back(row);
  }
  CHECK(valid.size() < table.rows.size());
  ConnectionReader reader(file_with(table.text), ConnectionFile::kConnections, {});
  CHECK((read_all(reader, 7) == valid));
  ConnectionReader counted(file_with(table.text), ConnectionFile::kConnections, {});
  CHECK(counted.count(0).counts[0].count == valid.size());
}

TEST_CASE("a filter by a service takes facts about the service into account") {
  Random random;
  const Table table = random_table(random, ConnectionFile::kConnections, 2000);
  ConnectionFilter filter{};
  filter.criteria = ConnectionFilter::kService;
  filter.service.family = AF_INET;
  filter.service.protocol = IPPROTO_TCP;
  for (const Row& row : table.rows) {
    const Connection& entry = row.connection;
    if (entry.family != AF_INET || entry.protocol != IPPROTO_TCP || entry.virtual_port != 80) {
      continue;
    }
    filter.service.address = entry.virtual_address;
    break;
  }
  const uint16_t ports[] = {80};
  const auto count = [&](const ipvs::ServiceFacts& facts) {
    ConnectionReader reader(file_with(table.text), ConnectionFile::kConnections, filter, facts);
    const auto counts = reader.count(0).counts;
    return counts.empty() ? 0 : counts.front().count;
  };
  CHECK(count({}) > 0);
  CHECK(count(ipvs::ServiceFacts(ports, {})) < count({}));
}

TEST_CASE("rows are counted by any combination of columns") {
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
        // A template of a firewall mark has the mark instead of an address.
        if (entry.protocol == IPPROTO_IP) group.flags = entry.flags;
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

TEST_CASE("a line longer than the kernel prints is an error, not a gap") {
  Random random;
  const Table table = random_table(random, ConnectionFile::kConnections, 10);
  for (const size_t length : {65'535, 65'536, 65'537, 300'000}) {
    CAPTURE(length);
    ConnectionReader reader(file_with(std::string(length, 'x') + '\n' + table.text),
                            ConnectionFile::kConnections, {});
    CHECK_THROWS_AS(read_all(reader, 3), os::Error);
  }
}

TEST_CASE("a real table is read from any kind of file, even byte by byte") {
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

TEST_CASE("a row without a newline at the end is no row") {
  const std::string text = std::string(kReal[0].line) + '\n' + kReal[3].line;
  ConnectionReader reader(file_with(text), kRows, {});
  CHECK(read_all(reader, 10).size() == 1);
}

TEST_CASE("the end of a line that is too long is not taken for a row") {
  for (const size_t length : {size_t{65'535}, size_t{65'536}, size_t{65'537}, size_t{131'072}}) {
    CAPTURE(length);
    const std::string text = std::string(length, 'x') + kReal[0].line + '\n' + kReal[3].line + '\n';
    ConnectionReader reader(file_with(text), kRows, {});
    CHECK_THROWS_AS(read_all(reader, 10), os::Error);
  }
}

TEST_CASE("a table of 100,000 rows is counted and read in full") {
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

TEST_CASE("a call reads part of the table, even if no row matches") {
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

TEST_CASE("a file that cannot be read is an error of read()") {
  ConnectionReader reader(Descriptor(::open("/", O_RDONLY | O_CLOEXEC)),
                          ConnectionFile::kConnections, {});
  try {
    (void)reader.next(1);
    FAIL("a folder was read");
  } catch (const os::Error& error) {
    CHECK(error.error() == EISDIR);
    CHECK(error.syscall() == "read");
  }
}

TEST_CASE("the running kernel has the file, or open() fails with ENOENT") {
  for (const auto file : {ConnectionFile::kConnections, ConnectionFile::kOrigins}) {
    try {
      ConnectionReader reader(os::Namespace(), file, {});
      (void)reader.next(1);
    } catch (const os::Error& error) {
      CHECK(error.error() == ENOENT);
      CHECK(error.syscall() == "open");
    }
  }
}

TEST_CASE("signals do not disturb the reader") {
  Random random;
  const Table table = random_table(random, ConnectionFile::kConnections, 30);
  int ends[2];
  REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
  std::thread writer([&, end = Descriptor(ends[1])] {
    for (size_t at = 0; at < table.text.size(); at += 100) {
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
      const std::string part = table.text.substr(at, 100);
      CHECK(::write(end.get(), part.data(), part.size()) == static_cast<ssize_t>(part.size()));
    }
  });
  ConnectionReader reader(Descriptor(ends[0]), ConnectionFile::kConnections, {}, {});
  {
    const test::SignalStorm storm;
    CHECK(reader.count(0).counts.at(0).count == table.rows.size());
    CHECK(storm.handled() > 10);
  }
  writer.join();
}
