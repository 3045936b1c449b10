// Removing duplicates from lists.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "ipvs/types.h"
#include "netlink/slots.h"

namespace ipvs {

inline const ServiceKey& key_of(const ServiceEntry& entry) { return entry.service.key; }
inline const DestinationKey& key_of(const DestinationEntry& entry) { return entry.destination.key; }
inline const uint32_t& key_of(const SyncDaemon& entry) { return entry.role; }

/// Removes duplicates from `entries`, from index `first` on: the first entry of each key stays, and
/// so does the order. Returns true if there were duplicates.
template <typename Entry>
bool remove_duplicates(std::vector<Entry>& entries, size_t first) {
  netlink::Slots slots(entries.size() - first);
  size_t kept = first;
  for (size_t index = first; index < entries.size(); ++index) {
    const auto& key = key_of(entries[index]);
    uint32_t& slot = slots.find(netlink::hash_of(key),
                                [&](size_t place) { return same(key_of(entries[place]), key); });
    if (slot != 0) continue;
    slot = static_cast<uint32_t>(kept + 1);
    entries[kept++] = entries[index];
  }
  const bool any = kept < entries.size();
  entries.resize(kept);
  return any;
}

}  // namespace ipvs
