// Filters on rows of the connection table. Pure functions.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "ipvs/connection_row.h"
#include "ipvs/types.h"

namespace ipvs {

/// Facts about a service that a filter by service needs and rows do not have.
class ServiceFacts {
 public:
  ServiceFacts() = default;
  /// @param claimed_ports for a service of port 0: the ports of its address that have services of
  ///   their own, whose connections do not belong to it
  /// @param destinations for a firewall mark, which connections do not have: its destinations,
  ///   unless the filter has one
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
