// Executing a list of requests: what the clients of all protocols have in common.
//
// Order: requests take effect in the order of the list. Neighbours that a method of the client
//   executes together share their exchanges.
#pragma once

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <numeric>
#include <optional>
#include <set>
#include <span>
#include <utility>
#include <vector>

#include "netlink/failure.h"

namespace netlink {

/// The requests [first, last) of a list.
struct Range {
  size_t first;
  size_t last;

  size_t size() const { return last - first; }
  std::vector<size_t> indexes() const {
    std::vector<size_t> indexes(size());
    std::iota(indexes.begin(), indexes.end(), first);
    return indexes;
  }
};

/// The operations of a client: a row for each, in the order of their numbers. A row has the fields
/// `operation` and `run`, the method of the client that executes a range of requests.
template <typename Client, typename Row, size_t Size>
class OperationTable {
 public:
  /// @param unknown the row of all other numbers
  constexpr OperationTable(const Row (&rows)[Size], const Row& unknown)
      : rows_(rows), unknown_(unknown) {}

  constexpr bool is_complete() const {
    for (size_t i = 0; i < Size; ++i) {
      if (static_cast<size_t>(rows_[i].operation) != i) return false;
    }
    return static_cast<size_t>(unknown_.operation) == Size;
  }

  constexpr const Row& operator[](uint32_t operation) const {
    return operation < Size ? rows_[operation] : unknown_;
  }

  /// Executes requests. Neighbours of the same method are one range.
  template <typename Request>
  void run(Client& client, std::span<const Request> requests) const {
    const auto method_of = [&](size_t index) { return (*this)[requests[index].operation].run; };
    for (Range range{0, 0}; range.first < requests.size(); range.first = range.last) {
      const auto method = method_of(range.first);
      range.last = range.first + 1;
      while (range.last < requests.size() && method_of(range.last) == method) ++range.last;
      (client.*method)(range);
    }
  }

  /// Executes requests one by one while `succeeded(index)` is true of the last one.
  /// @returns how many were executed
  template <typename Request, typename Succeeded>
  size_t run_until_failure(Client& client, std::span<const Request> requests,
                           Succeeded succeeded) const {
    for (size_t index = 0; index < requests.size(); ++index) {
      (client.*(*this)[requests[index].operation].run)({index, index + 1});
      if (!succeeded(index)) return index + 1;
    }
    return requests.size();
  }

 private:
  const Row (&rows_)[Size];
  const Row& unknown_;
};

/// Splits a range where a key recurs, and calls `run` with each part: the requests of a part can
/// share exchanges, and see the effects of the parts before it.
template <typename Compare = std::less<>, typename KeyOf, typename Run>
void split_at_repeated_keys(Range range, KeyOf key_of, Run run) {
  std::set<decltype(key_of(range.first)), Compare> seen;
  Range part{range.first, range.first};
  for (; part.last < range.last; ++part.last) {
    if (seen.insert(key_of(part.last)).second) continue;
    run(part);
    part.first = part.last;
    seen = {key_of(part.last)};
  }
  run(part);
}

/// Calls `attempt(pending, last)` with requests, and again with those that it returns. `last` is
/// true at the last of `attempts`, which must return none.
template <typename Attempt>
void retry(std::vector<size_t> pending, int attempts, Attempt attempt) {
  for (int number = 1; !pending.empty(); ++number) pending = attempt(pending, number == attempts);
}

/// Replaces the index of each failure, which is a place in `indexes`, by what is there.
inline void map_indexes(std::vector<Failure>& failures, std::span<const size_t> indexes) {
  for (Failure& failure : failures) failure.index = indexes[failure.index];
}

inline void sort_by_index(std::vector<Failure>& failures) {
  std::sort(failures.begin(), failures.end(),
            [](const Failure& a, const Failure& b) { return a.index < b.index; });
}

/// Calls `query` for request `index`, unless the socket is stalled.
/// @returns the failure, if it was not called or threw a RequestError
template <typename Query>
std::optional<Failure> try_query(size_t index, bool stalled, Query query) {
  if (stalled) return Failure{index, ETIMEDOUT, Status::kNotSent, {}};
  try {
    query();
    return std::nullopt;
  } catch (const RequestError& error) {
    return error.failure(index);
  }
}

}  // namespace netlink
