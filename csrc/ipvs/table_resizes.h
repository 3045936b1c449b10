// Detects that the kernel resizes the connection table while it is read.
//
// From Linux 7 the kernel moves the entries, bucket by bucket, to a table of another size. A reader
// stays in the old table, or goes on at the same bucket of the new one: it misses entries that were
// there all the time, sees others twice, and is told nothing.
//
// Threading: one thread at a time; any thread.
#pragma once

#include <string>
#include <utility>

#include "os/descriptor.h"

namespace ipvs {

class TableResizes {
 public:
  /// @param status /proc/net/ip_vs_status of the network namespace. Without a descriptor nothing is
  ///   detected: older kernels have neither the file nor resizes, and only root may read it
  explicit TableResizes(os::Descriptor status) : status_(std::move(status)) {}

  /// Begins to watch. Waits up to a tenth of a second for a resize that is in progress.
  void begin();
  /// Returns true if the table was resized after begin(), or is being resized.
  bool detected() const;

 private:
  struct Table {
    std::string buckets;  // their number and the load factor; '' if it is not known
    bool is_moving = false;
  };

  Table look() const;

  os::Descriptor status_;
  Table begun_;
};

}  // namespace ipvs
