#include "ipvs/duplicates.h"

#include <doctest/doctest.h>

#include <cstring>
#include <vector>

#include "test/random.h"

using ipvs::DestinationEntry;
using ipvs::remove_duplicates;
using ipvs::ServiceEntry;
using test::Random;

namespace {

// Has few different keys, so that duplicates are frequent. `serial` distinguishes them.
ServiceEntry service(Random& random, uint64_t serial) {
  ServiceEntry entry{};
  entry.service.key.address[15] = static_cast<uint8_t>(random.below(3));
  entry.service.key.fwmark = static_cast<uint32_t>(random.below(3)) << 24;
  entry.service.key.family = random.chance(50) ? 2 : 10;
  entry.service.key.port = static_cast<uint16_t>(random.below(2));
  entry.stats.connections = serial;
  return entry;
}

DestinationEntry destination(Random& random, uint64_t serial) {
  DestinationEntry entry{};
  entry.destination.key.address[0] = static_cast<uint8_t>(random.below(4));
  entry.destination.key.family = random.chance(50) ? 2 : 10;
  entry.destination.key.port = static_cast<uint16_t>(random.below(3));
  entry.stats.connections = serial;
  return entry;
}

template <typename Entry>
std::vector<uint64_t> serials(const std::vector<Entry>& entries) {
  std::vector<uint64_t> result;
  result.reserve(entries.size());
  for (const Entry& entry : entries) result.push_back(entry.stats.connections);
  return result;
}

// Returns the expected serials, found by comparing all pairs.
template <typename Entry>
std::vector<uint64_t> expected(const std::vector<Entry>& entries, size_t first) {
  std::vector<uint64_t> result;
  for (size_t i = 0; i < entries.size(); ++i) {
    bool seen = false;
    for (size_t j = first; j < i && i >= first; ++j) {
      const auto& a = key_of(entries[i]);
      seen = seen || std::memcmp(&a, &key_of(entries[j]), sizeof a) == 0;
    }
    if (!seen) result.push_back(entries[i].stats.connections);
  }
  return result;
}

template <typename Make>
void check_random_lists(Make make) {
  Random random;
  for (int round = 0; round < 1000; ++round) {
    std::vector<decltype(make(random, 0))> entries;
    const size_t count = random.below(round % 10 == 0 ? 200 : 20);
    for (size_t i = 0; i < count; ++i) entries.push_back(make(random, i));
    const size_t first = random.below(count + 1);
    const auto wanted = expected(entries, first);
    CAPTURE(first);
    remove_duplicates(entries, first);
    CHECK(serials(entries) == wanted);
    remove_duplicates(entries, first);
    CHECK(serials(entries) == wanted);
  }
}

}  // namespace

TEST_CASE("the first entry of each service stays in place, and earlier entries are left alone") {
  check_random_lists(service);
}

TEST_CASE("the first entry of each destination stays, and earlier entries are left alone") {
  check_random_lists(destination);
}
