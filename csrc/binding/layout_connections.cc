#include <netinet/in.h>

#include "binding/layout_tables.h"
#include "ipvs/connections.h"

namespace binding {
namespace {

using ipvs::Connection;
using ipvs::ConnectionFilter;
using ipvs::CountBy;
constexpr Field kConnection[] = {
    FIELD(Connection, "client", client),
    FIELD(Connection, "virtualAddress", virtual_address),
    FIELD(Connection, "destination", destination),
    FIELD(Connection, "expires", expires),
    FIELD(Connection, "state", state),
    FIELD(Connection, "engine", engine),
    FIELD(Connection, "engineData", engine_data),
    FIELD(Connection, "family", family),
    FIELD(Connection, "destinationFamily", destination_family),
    FIELD(Connection, "protocol", protocol),
    FIELD(Connection, "clientPort", client_port),
    FIELD(Connection, "virtualPort", virtual_port),
    FIELD(Connection, "destinationPort", destination_port),
    FIELD(Connection, "flags", flags),
    FIELD(Connection, "origin", origin),
};

constexpr Field kConnectionCount[] = {
    FIELD(ipvs::ConnectionCount, "group", group),
    FIELD(ipvs::ConnectionCount, "count", count),
};

constexpr Field kConnectionFilter[] = {
    FIELD(ConnectionFilter, "criteria", criteria),
    FIELD(ConnectionFilter, "clientPrefix", client_prefix),
    FIELD(ConnectionFilter, "serverPrefix", server_prefix),
    FIELD(ConnectionFilter, "service", service),
    FIELD(ConnectionFilter, "destination", destination),
    FIELD(ConnectionFilter, "client", client),
    FIELD(ConnectionFilter, "server", server),
    FIELD(ConnectionFilter, "clientFamily", client_family),
    FIELD(ConnectionFilter, "serverFamily", server_family),
    FIELD(ConnectionFilter, "protocol", protocol),
    FIELD(ConnectionFilter, "state", state),
};

constexpr Record kRecords[] = {
    {"connection", sizeof(Connection), kConnection},
    {"connectionCount", sizeof(ipvs::ConnectionCount), kConnectionCount},
    {"connectionFilter", sizeof(ConnectionFilter), kConnectionFilter},
};

constexpr Number kCriteria[] = {
    number("service", ConnectionFilter::kService),
    number("destination", ConnectionFilter::kDestination),
    number("client", ConnectionFilter::kClient),
    number("protocol", ConnectionFilter::kProtocol),
    number("state", ConnectionFilter::kState),
    number("server", ConnectionFilter::kServer),
};

constexpr Number kCountBy[] = {
    number("service", CountBy::kService),
    number("destination", CountBy::kDestination),
    number("state", CountBy::kState),
    number("protocol", CountBy::kProtocol),
};

constexpr Number kOrigins[] = {
    number("local", ipvs::Origin::kLocal),
    number("sync", ipvs::Origin::kSync),
};

constexpr Number kConnectionFlags[] = {
    number("template", Connection::kTemplate),
};

// A connection may have more protocols than a service.
constexpr Number kConnectionProtocols[] = {
    number("tcp", IPPROTO_TCP), number("udp", IPPROTO_UDP),   number("sctp", IPPROTO_SCTP),
    number("ip", IPPROTO_IP),   number("icmp", IPPROTO_ICMP), number("icmpv6", IPPROTO_ICMPV6),
};

constexpr Enumeration kEnumerations[] = {
    {"criteria", kCriteria},
    {"countBy", kCountBy},
    {"origins", kOrigins},
    {"connectionFlags", kConnectionFlags},
    {"connectionProtocols", kConnectionProtocols},
};

constexpr LayoutTables kTables{kRecords, kEnumerations};

}  // namespace

LayoutTables connections_layout() { return kTables; }
uint32_t connections_layout_hash() { return hash_of(kTables); }

}  // namespace binding
