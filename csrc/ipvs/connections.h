// The connection table, which the kernel shows under /proc/net only.
//
// Threading: a reader belongs to one thread at a time; any thread. The namespace is that of the
//   opening. Memory: bounded, whatever the table's size: one buffer, and the rows that are asked
//   for.
// Consistency: none. Rows may be missed or doubled while connections come and go.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ipvs/types.h"
#include "netlink/descriptor.h"
#include "netlink/namespace.h"

namespace ipvs {

/// Who made an entry.
enum class Origin : uint16_t {
  kUnknown,  ///< /proc/net/ip_vs_conn does not say
  kLocal,
  kSync,  ///< learned from the master
};

struct Connection {
  static constexpr uint16_t kTemplate = 1;

  Address client;
  Address virtual_address;
  Address destination;
  uint32_t expires;  ///< seconds
  uint32_t state;    ///< of a batch: 1 + the place in its texts
  uint32_t engine;   ///< likewise, or 0
  uint32_t engine_data;
  uint16_t family;  ///< of client and virtual address
  uint16_t destination_family;
  uint16_t protocol;
  uint16_t client_port;
  uint16_t virtual_port;
  uint16_t destination_port;
  uint16_t flags;  ///< kTemplate: a template of persistence, not a connection
  uint16_t origin;
};

/// A row as it was printed. The texts point into it.
struct ConnectionRow {
  Connection connection{};
  std::string_view state;
  std::string_view engine;
  std::string_view engine_data;
};

/// Which of the two files.
enum class ConnectionFile : uint8_t {
  kConnections,  ///< ip_vs_conn: with the data of persistence engines
  kOrigins,      ///< ip_vs_conn_sync: with the origin
};

/// Reads one row, without its newline; nothing if it is not one (such as the header). Pure.
std::optional<ConnectionRow> parse_connection(std::string_view line, ConnectionFile file);

/// What rows are wanted: all that match every criterion given.
struct ConnectionFilter {
  static constexpr uint32_t kService = 1;
  static constexpr uint32_t kDestination = 2;
  static constexpr uint32_t kClient = 4;
  static constexpr uint32_t kProtocol = 8;
  static constexpr uint32_t kState = 16;

  uint32_t criteria;
  uint32_t client_prefix;  ///< bits
  ServiceKey service;      ///< with a firewall mark: its templates, the only entries that record it
  DestinationKey destination;
  Address client;
  uint16_t client_family;
  uint16_t protocol;
  Name<16> state;
};

bool matches(const ConnectionFilter& filter, const ConnectionRow& row);

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
  /// @throws netlink::Error ENOENT ("open"): the kernel has no IPVS; those of Namespace::enter()
  ConnectionReader(const netlink::Namespace& netns, ConnectionFile file,
                   const ConnectionFilter& filter);
  /// Reads rows from an open descriptor.
  ConnectionReader(netlink::Descriptor descriptor, ConnectionFile file,
                   const ConnectionFilter& filter);

  /// The next rows that match, at most `limit`. May be fewer, also none, before the end: a call
  /// reads some hundred KiB at most, so that a filter that matches nothing keeps nobody waiting.
  /// @throws netlink::Error "read": EBADMSG for a row that cannot be understood, and those of the
  ///   system
  ConnectionBatch next(size_t limit);

  /// Reads to the end and counts the rows that match.
  ConnectionCounts count(uint32_t by);

 private:
  bool fill();
  std::optional<ConnectionRow> next_row(size_t limit);

  netlink::Descriptor descriptor_;
  ConnectionFile file_;
  ConnectionFilter filter_;
  std::unique_ptr<char[]> buffer_;
  size_t read_ = 0;   // bytes, since the last call
  size_t begin_ = 0;  // the unread part of the buffer
  size_t end_ = 0;
  bool overlong_ = false;
  bool ended_ = false;
};

}  // namespace ipvs
