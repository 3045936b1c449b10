// The connection table, which the kernel shows under /proc/net only.
//
// Threading: a reader belongs to one thread at a time; any thread. The namespace is that of the
//   opening.
// Memory: bounded, whatever the table's size: one buffer, and the rows that are asked for; of a
//   count, the groups.
// Consistency: none. Rows may be missed or doubled while connections come and go.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ipvs/connection_row.h"
#include "os/descriptor.h"
#include "os/namespace.h"

namespace ipvs {

struct ConnectionBatch {
  std::vector<Connection> connections;
  std::vector<std::string> texts;  ///< states, engines and their data
  bool done = false;               ///< nothing comes after it
};

/// Which columns are counted apart.
struct CountBy {
  static constexpr uint32_t kService = 1;
  static constexpr uint32_t kDestination = 2;
  static constexpr uint32_t kState = 4;
  static constexpr uint32_t kProtocol = 8;
};

struct ConnectionCount {
  Connection group;  ///< the columns that are counted apart; the others are zero
  uint64_t count;
};

struct ConnectionCounts {
  std::vector<ConnectionCount> counts;
  std::vector<std::string> texts;
};

class ConnectionReader {
 public:
  /// Opens the file in a network namespace.
  /// @throws os::Error ENOENT ("open"): the kernel has no IPVS; those of Namespace::enter()
  ConnectionReader(const os::Namespace& netns, ConnectionFile file, const ConnectionFilter& filter,
                   ServiceFacts facts = {});
  /// Reads rows from an open descriptor.
  ConnectionReader(os::Descriptor descriptor, ConnectionFile file, const ConnectionFilter& filter,
                   ServiceFacts facts = {});

  /// The next rows that match, at most `limit`. May be fewer, also none, before the end: a call
  /// reads some hundred KiB at most, so that a filter that matches nothing keeps nobody waiting.
  /// @throws os::Error "read": EBADMSG for a row that cannot be understood, and those of the
  ///   system
  ConnectionBatch next(size_t limit);

  /// Reads to the end and counts the rows that match.
  ConnectionCounts count(uint32_t by);

 private:
  bool fill();
  std::optional<ConnectionRow> next_row(size_t limit);

  os::Descriptor descriptor_;
  ConnectionFile file_;
  ConnectionFilter filter_;
  ServiceFacts facts_;
  std::unique_ptr<char[]> buffer_;
  size_t read_ = 0;   // bytes, since the last call
  size_t begin_ = 0;  // the unread part of the buffer
  size_t end_ = 0;
  bool overlong_ = false;
  bool ended_ = false;
};

}  // namespace ipvs
