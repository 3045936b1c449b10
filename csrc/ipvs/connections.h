// The connection table, which is available only under /proc/net.
//
// Threading: a reader belongs to one thread at a time; any thread. The network namespace is that of
//   the opening.
// Memory: bounded, whatever the size of the table: one buffer and the rows of a chunk, or the
//   counts.
// Consistency: rows may be missed or repeated while connections come and go. While the kernel
//   resizes its table any may be: then the table is read again, or the reading fails.
// Templates that the kernel has invalidated are left out.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ipvs/connection_filter.h"
#include "ipvs/connection_row.h"
#include "ipvs/table_resizes.h"
#include "os/descriptor.h"
#include "os/namespace.h"

namespace ipvs {

struct ConnectionChunk {
  std::vector<Connection> connections;
  std::vector<std::string> texts;  ///< states, engines and their data
  bool done = false;               ///< true for the last chunk
};

/// The columns that a count is grouped by.
struct CountBy {
  static constexpr uint32_t kService = 1;
  static constexpr uint32_t kDestination = 2;
  static constexpr uint32_t kState = 4;
  static constexpr uint32_t kProtocol = 8;
};

struct ConnectionCount {
  Connection group;  ///< the columns of CountBy; the others are zero
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
  /// @param status  see TableResizes
  ConnectionReader(os::Descriptor descriptor, ConnectionFile file, const ConnectionFilter& filter,
                   ServiceFacts facts = {}, os::Descriptor status = {});

  /// Returns the next rows that match, at most `limit`. A call reads a few hundred KiB at most, so
  /// there may be fewer rows before the end, or none. Begins again if the table was resized and no
  /// row was returned.
  /// @throws os::Error EBADMSG ("read"): a row of an unknown format; EINTR ("read"): the table was
  ///   resized after rows had been returned, or at every attempt; other errnos of read()
  ConnectionChunk next(size_t limit);

  /// Reads to the end and counts the rows that match; again if the table was resized meanwhile.
  /// @throws os::Error as next()
  ConnectionCounts count(uint32_t by);

 private:
  struct Files {
    os::Descriptor table;
    os::Descriptor status;
  };

  static Files open_files(const os::Namespace& netns, ConnectionFile file);
  ConnectionReader(Files files, ConnectionFile file, const ConnectionFilter& filter,
                   ServiceFacts facts);
  void restart();
  bool fill();
  std::optional<ConnectionRow> next_row(size_t limit);

  os::Descriptor descriptor_;
  ConnectionFile file_;
  ConnectionFilter filter_;
  ServiceFacts facts_;
  TableResizes resizes_;
  std::unique_ptr<char[]> buffer_;
  size_t read_ = 0;   // bytes, since the start of the last call
  size_t begin_ = 0;  // the unread part of the buffer
  size_t end_ = 0;
  bool overlong_ = false;
  bool ended_ = false;
  bool returned_rows_ = false;
  int restarts_ = 0;
};

}  // namespace ipvs
