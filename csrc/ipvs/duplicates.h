// Removing duplicates from lists.
#pragma once

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include "ipvs/types.h"

namespace ipvs {

inline const ServiceKey& key_of(const ServiceEntry& entry) { return entry.service.key; }
inline const DestinationKey& key_of(const DestinationEntry& entry) { return entry.destination.key; }
inline const uint32_t& key_of(const SyncDaemon& entry) { return entry.role; }

/// Removes duplicates from `entries`, from index `first` on: the first entry of each key stays, and
/// so does the order. Returns true if there were duplicates.
template <typename Entry>
bool remove_duplicates(std::vector<Entry>& entries, size_t first) {
  const auto before = [&](size_t a, size_t b) {
    const int order =
        std::memcmp(&key_of(entries[a]), &key_of(entries[b]), sizeof(key_of(entries[a])));
    return order != 0 ? order < 0 : a < b;
  };
  std::vector<size_t> order(entries.size() - first);
  for (size_t i = 0; i < order.size(); ++i) order[i] = first + i;
  std::sort(order.begin(), order.end(), before);

  std::vector<bool> duplicate(order.size());
  bool any = false;
  for (size_t i = 1; i < order.size(); ++i) {
    const auto& key = key_of(entries[order[i]]);
    if (std::memcmp(&key, &key_of(entries[order[i - 1]]), sizeof key) != 0) continue;
    duplicate[order[i] - first] = true;
    any = true;
  }
  if (!any) return false;
  size_t kept = first;
  for (size_t i = first; i < entries.size(); ++i) {
    if (!duplicate[i - first]) entries[kept++] = entries[i];
  }
  entries.resize(kept);
  return true;
}

}  // namespace ipvs
