#include "ipvs/table_resizes.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/mman.h>

#include <cerrno>
#include <chrono>
#include <string>
#include <thread>
#include <utility>

#include "ipvs/connections.h"
#include "os/error.h"
#include "test/connection_text.h"

using ipvs::ConnectionFilter;
using ipvs::ConnectionReader;
using ipvs::TableResizes;
using os::Descriptor;
using test::kRows;

namespace {

const std::string kSmall =
    "Conns:\t300\nConn buckets:\t256 (8 bits, lfactor -2)\nConn buckets empty:\t80 (31%)\n"
    "Conn buckets len-1:\t100 (56%)\nConn buckets len-7:\t76 (43%)\nServices:\t1\n"
    "Service buckets:\t16 (4 bits, lfactor -2)\nService buckets empty:\t15 (93%)\n";
// Some entries are in the new table.
const std::string kMoving =
    "Conns:\t300\nConn buckets:\t256 (8 bits, lfactor -2)\nConn buckets empty:\t1100 (86%)\n"
    "Conn buckets len-1:\t180 (100%)\nServices:\t1\n";
const std::string kLarge =
    "Conns:\t300\nConn buckets:\t1024 (10 bits, lfactor -2)\nConn buckets empty:\t744 (72%)\n"
    "Conn buckets len-1:\t280 (100%)\nServices:\t1\n";
const std::string kEmpty = "Conns:\t0\nConn buckets:\t256 (8 bits, lfactor -2)\nServices:\t1\n";

/// A file whose text the test replaces.
class Text {
 public:
  explicit Text(const std::string& text) : file_(::memfd_create("text", MFD_CLOEXEC)) {
    REQUIRE(file_);
    set(text);
  }
  void set(const std::string& text) {
    const auto length = static_cast<ssize_t>(text.size());
    REQUIRE(::pwrite(file_.get(), text.data(), text.size(), 0) == length);
    REQUIRE(::ftruncate(file_.get(), length) == 0);
  }
  Descriptor open() const { return Descriptor(::fcntl(file_.get(), F_DUPFD_CLOEXEC, 0)); }

 private:
  Descriptor file_;
};

std::string rows(size_t count) {
  std::string text;
  for (size_t i = 0; i < count; ++i) text += std::string(test::kReal[0].line) + '\n';
  return text;
}

// The rows that one call of next() reads.
constexpr size_t kCount = 2'000;

}  // namespace

TEST_CASE("a resize is detected by the number of buckets, the load factor, and moving entries") {
  std::string other_factor = kSmall;
  other_factor.replace(other_factor.find("-2"), 2, "-1");
  const std::pair<std::string, bool> changes[] = {
      {kSmall, false}, {kEmpty, false}, {kLarge, true}, {other_factor, true}, {kMoving, true},
  };
  for (const auto& change : changes) {
    const std::string& text = change.first;
    CAPTURE(text);
    Text status(kSmall);
    TableResizes resizes(status.open());
    resizes.begin();
    CHECK_FALSE(resizes.detected());
    status.set(text);
    CHECK(resizes.detected() == change.second);
    resizes.begin();
    CHECK(resizes.detected() == (text == kMoving));
  }
}

TEST_CASE("begin() waits for a resize that is in progress") {
  Text status(kMoving);
  TableResizes resizes(status.open());
  std::thread kernel([&status] { status.set(kLarge); });
  // It waits for a tenth of a second, in which the thread may not have run yet.
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  do {
    resizes.begin();
  } while (resizes.detected() && std::chrono::steady_clock::now() < deadline);
  kernel.join();
  CHECK_FALSE(resizes.detected());
}

TEST_CASE("without the status nothing is detected") {
  TableResizes resizes{Descriptor()};
  resizes.begin();
  CHECK_FALSE(resizes.detected());
}

TEST_CASE("a count of a table that was resized begins again") {
  Text status(kSmall);
  const Text table(rows(kCount));
  ConnectionReader reader(table.open(), kRows, {}, {}, status.open());
  status.set(kLarge);
  CHECK(reader.count(0).counts.at(0).count == kCount);
}

TEST_CASE("a list of a table that was resized begins again if no rows were returned") {
  Text status(kSmall);
  const Text table(rows(10 * kCount) + std::string(test::kReal[1].line) + '\n');
  ConnectionFilter filter{};
  filter.criteria = ConnectionFilter::kState;
  filter.state.assign(test::kReal[1].state);
  ConnectionReader reader(table.open(), kRows, filter, {}, status.open());
  CHECK(reader.next(1).connections.empty());
  status.set(kLarge);
  size_t seen = 0;
  for (bool done = false; !done;) {
    const auto chunk = reader.next(2);
    seen += chunk.connections.size();
    done = chunk.done;
  }
  CHECK(seen == 1);
}

TEST_CASE("a list of a table that was resized after rows were returned is an error") {
  Text status(kSmall);
  const Text table(rows(kCount));
  ConnectionReader reader(table.open(), kRows, {}, {}, status.open());
  CHECK(reader.next(1).connections.size() == 1);
  status.set(kLarge);
  try {
    while (!reader.next(kCount).done) continue;
    FAIL("the list looked complete");
  } catch (const os::Error& error) {
    CHECK(error.error() == EINTR);
    CHECK(error.syscall() == "read");
  }
}
