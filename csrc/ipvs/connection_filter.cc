#include "ipvs/connection_filter.h"

#include <netinet/in.h>

#include <algorithm>
#include <cstring>

namespace ipvs {
namespace {

bool same_prefix(const Address& a, const Address& b, uint32_t prefix) {
  const uint32_t bits = std::min<uint32_t>(prefix, 8 * sizeof(Address));
  const size_t whole = bits / 8;
  if (std::memcmp(a.data(), b.data(), whole) != 0) return false;
  const unsigned rest = bits % 8;
  if (rest == 0) return true;
  const auto mask = static_cast<uint8_t>(0xff00U >> rest);
  return ((a[whole] ^ b[whole]) & mask) == 0;
}

bool in_network(uint16_t family, const Address& address, uint16_t wanted, const Address& network,
                uint32_t prefix) {
  return family == wanted && same_prefix(address, network, prefix);
}

bool has_service_port(const ServiceKey& service, uint16_t port, const ServiceFacts& facts) {
  return service.port == 0 ? !facts.claims(port) : port == service.port;
}

bool of_service(const ConnectionFilter& filter, const Connection& row, const ServiceFacts& facts) {
  const ServiceKey& service = filter.service;
  if (row.family != service.family) return false;
  if (service.fwmark == 0) {
    return row.protocol == service.protocol && row.virtual_address == service.address &&
           has_service_port(service, row.virtual_port, facts);
  }
  if ((row.flags & Connection::kTemplate) == 0) {
    // A destination of the filter stands for those of the mark.
    return (filter.criteria & ConnectionFilter::kDestination) != 0 || facts.reaches(row);
  }
  // A template for a firewall mark has protocol IP, and the mark as its virtual address.
  const Address& mark = row.virtual_address;
  const uint32_t number =
      uint32_t{mark[0]} << 24 | uint32_t{mark[1]} << 16 | uint32_t{mark[2]} << 8 | mark[3];
  return row.protocol == IPPROTO_IP && number == service.fwmark;
}

// A service of all ports keeps the packet's port if its destination has port 0, and always for
// persistent clients.
bool has_port_of(const DestinationKey& destination, const Connection& row) {
  return row.destination_port == destination.port || row.destination_port == row.virtual_port;
}

bool to_destination(const ConnectionFilter& filter, const Connection& row) {
  const DestinationKey& wanted = filter.destination;
  if (row.destination_family != wanted.family || row.destination != wanted.address) return false;
  if (wanted.port == 0) return true;
  const bool all_ports =
      (filter.criteria & ConnectionFilter::kService) != 0 && filter.service.port == 0;
  return all_ports ? has_port_of(wanted, row) : row.destination_port == wanted.port;
}

bool by_address(const DestinationKey& a, const DestinationKey& b) { return a.address < b.address; }

}  // namespace

ServiceFacts::ServiceFacts(std::span<const uint16_t> claimed_ports,
                           std::span<const DestinationKey> destinations)
    : claimed_ports_(claimed_ports.begin(), claimed_ports.end()),
      destinations_(destinations.begin(), destinations.end()) {
  std::sort(claimed_ports_.begin(), claimed_ports_.end());
  std::sort(destinations_.begin(), destinations_.end(), by_address);
}

bool ServiceFacts::claims(uint16_t port) const {
  return std::binary_search(claimed_ports_.begin(), claimed_ports_.end(), port);
}

bool ServiceFacts::reaches(const Connection& row) const {
  const DestinationKey sought{.address = row.destination, .family = 0, .port = 0};
  const auto [begin, end] =
      std::equal_range(destinations_.begin(), destinations_.end(), sought, by_address);
  return std::any_of(begin, end, [&](const DestinationKey& each) {
    return each.family == row.destination_family && has_port_of(each, row);
  });
}

bool matches(const ConnectionFilter& filter, const ConnectionRow& row, const ServiceFacts& facts) {
  const Connection& entry = row.connection;
  const auto wants = [&](uint32_t criterion) { return (filter.criteria & criterion) != 0; };
  if (wants(ConnectionFilter::kProtocol) && entry.protocol != filter.protocol) return false;
  if (wants(ConnectionFilter::kService) && !of_service(filter, entry, facts)) return false;
  if (wants(ConnectionFilter::kDestination) && !to_destination(filter, entry)) return false;
  if (wants(ConnectionFilter::kServer) &&
      !in_network(entry.destination_family, entry.destination, filter.server_family, filter.server,
                  filter.server_prefix)) {
    return false;
  }
  if (wants(ConnectionFilter::kClient) &&
      !in_network(entry.family, entry.client, filter.client_family, filter.client,
                  filter.client_prefix)) {
    return false;
  }
  return !wants(ConnectionFilter::kState) || row.state == filter.state.view();
}

}  // namespace ipvs
