// Rows of the connection table as the kernel prints them, and filters on them. Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

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

/// Facts about a service that a filter by service needs and rows do not have.
class ServiceFacts {
 public:
  ServiceFacts() = default;
  /// @param claimed_ports for a service of port 0: the ports of its address that have services of
  ///   their own, whose connections do not belong to it
  /// @param destinations for a firewall mark, which connections do not have: its destinations
  ServiceFacts(std::span<const uint16_t> claimed_ports,
               std::span<const DestinationKey> destinations);

  bool claims(uint16_t port) const;
  /// True if the row may be a connection to one of the destinations.
  bool reaches(const Connection& row) const;

 private:
  std::vector<uint16_t> claimed_ports_;       // sorted
  std::vector<DestinationKey> destinations_;  // sorted by address
};

/// Selects the rows that match every given criterion.
struct ConnectionFilter {
  static constexpr uint32_t kService = 1;
  static constexpr uint32_t kDestination = 2;
  static constexpr uint32_t kClient = 4;
  static constexpr uint32_t kProtocol = 8;
  static constexpr uint32_t kState = 16;
  static constexpr uint32_t kServer = 32;

  uint32_t criteria;
  uint32_t client_prefix;      ///< bits
  uint32_t server_prefix;      ///< bits
  ServiceKey service;          ///< port 0: every port; a firewall mark: see ServiceFacts
  DestinationKey destination;  ///< port 0: every port
  Address client;
  Address server;
  uint16_t client_family;
  uint16_t server_family;
  uint16_t protocol;
  uint16_t unused;
  Name<16> state;
};

bool matches(const ConnectionFilter& filter, const ConnectionRow& row,
             const ServiceFacts& facts = {});

}  // namespace ipvs
