// Rows of the connection table as the kernel prints them. Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "ipvs/types.h"

namespace ipvs {

/// The origin of an entry.
enum class Origin : uint16_t {
  kUnknown,  ///< /proc/net/ip_vs_conn does not say
  kLocal,
  kSync,  ///< received from the master
};

struct Connection {
  static constexpr uint16_t kTemplate = 1;

  Address client;
  Address virtual_address;
  Address destination;
  uint32_t expires;  ///< seconds
  uint32_t state;    ///< in a batch: 1 + the index in its texts
  uint32_t engine;   ///< the same, or 0
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

/// A row as the kernel printed it. The texts point into it.
struct ConnectionRow {
  Connection connection{};
  std::string_view state;
  std::string_view engine;
  std::string_view engine_data;
};

/// The files of the connection table.
enum class ConnectionFile : uint8_t {
  kConnections,  ///< ip_vs_conn, which has the data of persistence engines
  kOrigins,      ///< ip_vs_conn_sync, which has the origin
};

/// Reads a row without its newline. Returns nothing if the line is no row, such as the header.
std::optional<ConnectionRow> parse_connection(std::string_view line, ConnectionFile file);

/// Returns true for a template that the kernel has invalidated: its destination is gone, or takes
/// no more clients (expire_quiescent_template). The kernel has replaced its destination port by
/// 65535, before Linux 7 its virtual port too, and no client follows it.
bool is_invalidated(const Connection& entry);

}  // namespace ipvs
