// The parser of the connection table, on any text as either of its two files. A row that is parsed
// prints to text that parses to the same row, no line is skipped without an error, and the sizes of
// reads make no difference.
#include "ipvs/connections.h"

#include <sys/socket.h>

#include <array>
#include <numeric>
#include <optional>
#include <string_view>
#include <vector>

#include "fuzz/fuzz.h"
#include "os/error.h"
#include "test/connection_text.h"

using fuzz::expect;
using ipvs::Connection;
using ipvs::ConnectionFile;
using ipvs::ConnectionFilter;
using ipvs::ConnectionReader;
using ipvs::CountBy;
using os::Descriptor;
using test::Row;

namespace {

// Enough for a dozen rows; more would find nothing else.
constexpr size_t kMaxBytes = 1024;
constexpr std::string_view kTitle = "Pro ";

// The rows before the first line that is not a row.
struct Expected {
  std::vector<Row> rows;
  bool whole = true;
};

Expected read_lines(std::string_view text, ConnectionFile file) {
  Expected expected;
  for (size_t end = 0; (end = text.find('\n')) != std::string_view::npos;) {
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end + 1);
    if (line.starts_with(kTitle)) continue;
    const auto row = ipvs::parse_connection(line, file);
    if (!row) return expected.whole = false, expected;
    if (ipvs::is_invalidated(row->connection)) continue;
    expected.rows.push_back(test::row_of(*row));
  }
  return expected;
}

void check_row(const Row& row, ConnectionFile file) {
  const bool known = row.connection.origin != 0;
  expect(known == (file == ConnectionFile::kOrigins), "a row has an origin if its file has");
  const std::string printed = test::print(row, file);
  const auto again = ipvs::parse_connection(printed, file);
  expect(again && test::row_of(*again) == row, "a row is printed and read back the same");
  expect(ipvs::matches({}, row.view()), "without criteria all match");

  ConnectionFilter filter{};
  filter.criteria =
      ConnectionFilter::kClient | ConnectionFilter::kProtocol | ConnectionFilter::kDestination;
  filter.protocol = row.connection.protocol;
  filter.client = row.connection.client;
  filter.client_family = row.connection.family;
  filter.client_prefix = 128;
  filter.destination = {.address = row.connection.destination,
                        .family = row.connection.destination_family,
                        .port = row.connection.destination_port};
  expect(ipvs::matches(filter, row.view()), "a row matches itself");
  // Port 0 matches every port.
  filter.destination.port = filter.destination.port == 1 ? 2 : 1;
  expect(!ipvs::matches(filter, row.view()), "a row matches no other destination");
  filter.destination.port = 0;
  expect(ipvs::matches(filter, row.view()), "a row matches every port of its destination");
}

// Returns a file whose reads return at most `piece` bytes.
Descriptor file_of(std::string_view text, size_t piece) {
  std::array<int, 2> ends{};
  expect(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) == 0, "socketpair");
  const Descriptor writer(ends[1]);
  for (size_t at = 0; at < text.size(); at += piece) {
    const std::string_view part = text.substr(at, piece);
    expect(::send(writer.get(), part.data(), part.size(), MSG_DONTWAIT) > 0, "send");
  }
  return Descriptor(ends[0]);
}

Row row_of(const ipvs::ConnectionChunk& chunk, Connection connection) {
  const auto text = [&](uint32_t place) { return place == 0 ? "" : chunk.texts.at(place - 1); };
  Row row{connection, text(connection.state), text(connection.engine),
          text(connection.engine_data)};
  row.connection.state = row.connection.engine = row.connection.engine_data = 0;
  return row;
}

void check_reader(std::string_view text, ConnectionFile file, const Expected& expected,
                  size_t piece, size_t limit) {
  ConnectionReader reader(file_of(text, piece), file, {});
  size_t seen = 0;
  try {
    for (bool done = false; !done;) {
      const auto chunk = reader.next(limit);
      expect(chunk.connections.size() <= limit, "a chunk has its limit");
      for (const Connection& connection : chunk.connections) {
        expect(seen < expected.rows.size(), "there are no more rows than that");
        expect(row_of(chunk, connection) == expected.rows[seen++], "a row is that of its line");
      }
      done = chunk.done;
    }
    expect(expected.whole, "a line that is no row is an error");
    expect(seen == expected.rows.size(), "all rows are read");
  } catch (const os::Error&) {
    expect(!expected.whole, "rows are no error");
    // The error discards the rows of its chunk.
    expect(expected.rows.size() - seen < limit, "rows before an error are read");
  }
}

void check_counts(std::string_view text, ConnectionFile file, const Expected& expected) {
  ConnectionReader reader(file_of(text, kMaxBytes), file, {});
  try {
    uint64_t total = 0;
    for (const auto& [group, count] :
         reader.count(CountBy::kState | CountBy::kDestination).counts) {
      expect(group.state != 0 || count > 0, "a group has members");
      total += count;
    }
    expect(expected.whole && total == expected.rows.size(), "each row is counted once");
  } catch (const os::Error&) {
    expect(!expected.whole, "rows are no error");
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > kMaxBytes) return -1;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const auto file : {ConnectionFile::kConnections, ConnectionFile::kOrigins}) {
    const Expected expected = read_lines(text, file);
    for (const Row& row : expected.rows) check_row(row, file);
    // System calls are expensive: an input is read in one of the ways, or mostly not at all if no
    // line is a row.
    if (expected.rows.empty() && size % 16 != 0) continue;
    switch (std::accumulate(text.begin(), text.end(), 0U) % 3) {
      case 0:
        check_reader(text, file, expected, kMaxBytes, kMaxBytes);
        break;
      case 1:
        check_reader(text, file, expected, size / 64 + 1 + size % 7, 1 + size % 5);
        break;
      default:
        check_counts(text, file, expected);
        break;
    }
  }
  return 0;
}
