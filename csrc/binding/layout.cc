#include "binding/layout.h"

#include <cstddef>
#include <span>

#include "ipvs/connections.h"
#include "ipvs/request.h"
#include "rtnl/monitor.h"
#include "rtnl/request.h"

namespace binding {
namespace {

using ipvs::Changes;
using ipvs::Connection;
using ipvs::ConnectionFilter;
using ipvs::CountBy;
using ipvs::DestinationEntry;
using ipvs::Operation;
using ipvs::Outcome;
using ipvs::Request;
using ipvs::ServiceEntry;
using ipvs::Status;
using rtnl::AddressSettings;
using rtnl::LinkAddress;

struct Field {
  const char* name;
  size_t offset;
  size_t size;
};

struct Record {
  const char* name;
  size_t size;
  std::span<const Field> fields;
};

struct Number {
  const char* name;
  uint32_t value;
};

struct Enumeration {
  const char* name;
  std::span<const Number> numbers;
};

#define FIELD(record, name, member) \
  { name, offsetof(record, member), sizeof(static_cast<record*>(nullptr)->member) }

constexpr Field kRequest[] = {
    FIELD(Request, "operation", operation),     FIELD(Request, "changes", changes),
    FIELD(Request, "flagsOwner", flags_owner),  FIELD(Request, "service", service),
    FIELD(Request, "destination", destination), FIELD(Request, "timeouts", timeouts),
    FIELD(Request, "daemon", daemon),
};

constexpr Field kService[] = {
    FIELD(ipvs::Service, "address", key.address), FIELD(ipvs::Service, "fwmark", key.fwmark),
    FIELD(ipvs::Service, "family", key.family),   FIELD(ipvs::Service, "protocol", key.protocol),
    FIELD(ipvs::Service, "port", key.port),       FIELD(ipvs::Service, "flags", flags),
    FIELD(ipvs::Service, "timeout", timeout),     FIELD(ipvs::Service, "netmask", netmask),
    FIELD(ipvs::Service, "scheduler", scheduler), FIELD(ipvs::Service, "engine", engine),
};

constexpr Field kDestination[] = {
    FIELD(ipvs::Destination, "address", key.address),
    FIELD(ipvs::Destination, "family", key.family),
    FIELD(ipvs::Destination, "port", key.port),
    FIELD(ipvs::Destination, "forwarding", forwarding),
    FIELD(ipvs::Destination, "weight", weight),
    FIELD(ipvs::Destination, "upperThreshold", upper_threshold),
    FIELD(ipvs::Destination, "lowerThreshold", lower_threshold),
    FIELD(ipvs::Destination, "tunnelType", tunnel_type),
    FIELD(ipvs::Destination, "tunnelPort", tunnel_port),
    FIELD(ipvs::Destination, "tunnelFlags", tunnel_flags),
};

constexpr Field kStats[] = {
    FIELD(ipvs::Stats, "connections", connections),
    FIELD(ipvs::Stats, "inPackets", in_packets),
    FIELD(ipvs::Stats, "outPackets", out_packets),
    FIELD(ipvs::Stats, "inBytes", in_bytes),
    FIELD(ipvs::Stats, "outBytes", out_bytes),
    FIELD(ipvs::Stats, "connectionRate", connection_rate),
    FIELD(ipvs::Stats, "inPacketRate", in_packet_rate),
    FIELD(ipvs::Stats, "outPacketRate", out_packet_rate),
    FIELD(ipvs::Stats, "inByteRate", in_byte_rate),
    FIELD(ipvs::Stats, "outByteRate", out_byte_rate),
};

constexpr Field kTimeouts[] = {
    FIELD(ipvs::Timeouts, "tcp", tcp),
    FIELD(ipvs::Timeouts, "tcpFin", tcp_fin),
    FIELD(ipvs::Timeouts, "udp", udp),
};

constexpr Field kDaemon[] = {
    FIELD(ipvs::SyncDaemon, "group", group),
    FIELD(ipvs::SyncDaemon, "role", role),
    FIELD(ipvs::SyncDaemon, "syncId", sync_id),
    FIELD(ipvs::SyncDaemon, "groupFamily", group_family),
    FIELD(ipvs::SyncDaemon, "port", port),
    FIELD(ipvs::SyncDaemon, "maxLength", max_length),
    FIELD(ipvs::SyncDaemon, "ttl", ttl),
    FIELD(ipvs::SyncDaemon, "interface", interface),
};

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

constexpr Field kServiceEntry[] = {
    FIELD(ServiceEntry, "service", service),
    FIELD(ServiceEntry, "stats", stats),
};

constexpr Field kDestinationEntry[] = {
    FIELD(DestinationEntry, "destination", destination),
    FIELD(DestinationEntry, "stats", stats),
    FIELD(DestinationEntry, "activeConnections", active_connections),
    FIELD(DestinationEntry, "inactiveConnections", inactive_connections),
    FIELD(DestinationEntry, "persistentConnections", persistent_connections),
};

constexpr Field kOutcome[] = {
    FIELD(Outcome, "error", error),
    FIELD(Outcome, "status", status),
    FIELD(Outcome, "text", text),
    FIELD(Outcome, "created", created),
    FIELD(Outcome, "firstService", first_service),
    FIELD(Outcome, "services", services),
    FIELD(Outcome, "firstDestination", first_destination),
    FIELD(Outcome, "destinations", destinations),
    FIELD(Outcome, "firstDaemon", first_daemon),
    FIELD(Outcome, "daemons", daemons),
    FIELD(Outcome, "timeouts", timeouts),
    FIELD(Outcome, "version", info.version),
    FIELD(Outcome, "connectionTableSize", info.connection_table_size),
};

constexpr Field kLinkRequest[] = {
    FIELD(rtnl::Request, "operation", operation),
    FIELD(rtnl::Request, "settings", settings),
    FIELD(rtnl::Request, "index", link.index),
    FIELD(rtnl::Request, "name", link.name),
    FIELD(rtnl::Request, "up", up),
    FIELD(rtnl::Request, "mtu", mtu),
    FIELD(rtnl::Request, "family", family),
    FIELD(rtnl::Request, "kind", kind),
    FIELD(rtnl::Request, "firstAddress", first_address),
    FIELD(rtnl::Request, "addresses", addresses),
};

constexpr Field kLink[] = {
    FIELD(rtnl::Link, "index", index),
    FIELD(rtnl::Link, "flags", flags),
    FIELD(rtnl::Link, "mtu", mtu),
    FIELD(rtnl::Link, "state", state),
    FIELD(rtnl::Link, "hardwareLength", hardware_length),
    FIELD(rtnl::Link, "hardware", hardware),
    FIELD(rtnl::Link, "name", name),
    FIELD(rtnl::Link, "kind", kind),
};

constexpr Field kAddressSettings[] = {
    FIELD(AddressSettings, "address", address),
    FIELD(AddressSettings, "peer", peer),
    FIELD(AddressSettings, "broadcast", broadcast),
    FIELD(AddressSettings, "flags", flags),
    FIELD(AddressSettings, "given", given),
    FIELD(AddressSettings, "preferred", preferred),
    FIELD(AddressSettings, "valid", valid),
    FIELD(AddressSettings, "link", link),
    FIELD(AddressSettings, "family", family),
    FIELD(AddressSettings, "prefixLength", prefix_length),
    FIELD(AddressSettings, "scope", scope),
    FIELD(AddressSettings, "change", change),
    FIELD(AddressSettings, "label", label),
};

constexpr Field kLinkAddress[] = {
    FIELD(LinkAddress, "settings", settings),
    FIELD(LinkAddress, "index", index),
    FIELD(LinkAddress, "link", link),
};

constexpr Field kLinkOutcome[] = {
    FIELD(rtnl::Outcome, "error", error),
    FIELD(rtnl::Outcome, "status", status),
    FIELD(rtnl::Outcome, "text", text),
    FIELD(rtnl::Outcome, "created", created),
    FIELD(rtnl::Outcome, "changed", changed),
    FIELD(rtnl::Outcome, "firstLink", first_link),
    FIELD(rtnl::Outcome, "links", links),
    FIELD(rtnl::Outcome, "firstAddress", first_address),
    FIELD(rtnl::Outcome, "addresses", addresses),
    FIELD(rtnl::Outcome, "firstChange", first_change),
    FIELD(rtnl::Outcome, "changes", changes),
};

constexpr Field kLinkEvent[] = {
    FIELD(rtnl::Event, "type", type),
    FIELD(rtnl::Event, "deleted", deleted),
    FIELD(rtnl::Event, "place", place),
};

#undef FIELD

constexpr Record kRecords[] = {
    {"request", sizeof(Request), kRequest},
    {"service", sizeof(ipvs::Service), kService},
    {"destination", sizeof(ipvs::Destination), kDestination},
    {"stats", sizeof(ipvs::Stats), kStats},
    {"timeouts", sizeof(ipvs::Timeouts), kTimeouts},
    {"daemon", sizeof(ipvs::SyncDaemon), kDaemon},
    {"connection", sizeof(Connection), kConnection},
    {"connectionCount", sizeof(ipvs::ConnectionCount), kConnectionCount},
    {"connectionFilter", sizeof(ConnectionFilter), kConnectionFilter},
    {"serviceEntry", sizeof(ServiceEntry), kServiceEntry},
    {"destinationEntry", sizeof(DestinationEntry), kDestinationEntry},
    {"outcome", sizeof(Outcome), kOutcome},
    {"linkRequest", sizeof(rtnl::Request), kLinkRequest},
    {"link", sizeof(rtnl::Link), kLink},
    {"addressSettings", sizeof(AddressSettings), kAddressSettings},
    {"linkAddress", sizeof(LinkAddress), kLinkAddress},
    {"linkOutcome", sizeof(rtnl::Outcome), kLinkOutcome},
    {"linkEvent", sizeof(rtnl::Event), kLinkEvent},
};

template <typename Value>
constexpr Number number(const char* name, Value value) {
  return {name, static_cast<uint32_t>(value)};
}

constexpr Number kOperations[] = {
    number("addService", Operation::kAddService),
    number("updateService", Operation::kUpdateService),
    number("ensureService", Operation::kEnsureService),
    number("deleteService", Operation::kDeleteService),
    number("getService", Operation::kGetService),
    number("listServices", Operation::kListServices),
    number("addDestination", Operation::kAddDestination),
    number("updateDestination", Operation::kUpdateDestination),
    number("ensureDestination", Operation::kEnsureDestination),
    number("deleteDestination", Operation::kDeleteDestination),
    number("getDestination", Operation::kGetDestination),
    number("listDestinations", Operation::kListDestinations),
    number("flush", Operation::kFlush),
    number("getInfo", Operation::kGetInfo),
    number("getTimeouts", Operation::kGetTimeouts),
    number("setTimeouts", Operation::kSetTimeouts),
    number("zero", Operation::kZero),
    number("listSyncDaemons", Operation::kListSyncDaemons),
    number("startSyncDaemon", Operation::kStartSyncDaemon),
    number("stopSyncDaemon", Operation::kStopSyncDaemon),
};
static_assert(std::size(kOperations) == static_cast<size_t>(Operation::kCount));

constexpr Number kStatuses[] = {
    number("done", Status::kDone),
    number("refused", Status::kRefused),
    number("lost", Status::kLost),
    number("notSent", Status::kNotSent),
    number("unavailable", ipvs::kUnavailable),
    number("foreignFlags", ipvs::kForeignFlags),
    number("tunnelless", ipvs::kTunnelless),
    number("thresholds", ipvs::kThresholds),
    number("skipped", ipvs::kSkipped),
};

constexpr Number kChanges[] = {
    number("scheduler", Changes::kScheduler),
    number("schedulerFlags", Changes::kSchedulerFlags),
    number("onePacket", Changes::kOnePacket),
    number("persistence", Changes::kPersistence),
    number("timeout", Changes::kTimeout),
    number("netmask", Changes::kNetmask),
    number("engine", Changes::kEngine),
    number("forwarding", Changes::kForwarding),
    number("weight", Changes::kWeight),
    number("upperThreshold", Changes::kUpperThreshold),
    number("lowerThreshold", Changes::kLowerThreshold),
    number("tunnel", Changes::kTunnel),
    number("tunnelReset", Changes::kTunnelReset),
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

constexpr Number kLinkOperations[] = {
    number("listLinks", rtnl::Operation::kListLinks),
    number("getLink", rtnl::Operation::kGetLink),
    number("ensureDummy", rtnl::Operation::kEnsureDummy),
    number("setLink", rtnl::Operation::kSetLink),
    number("deleteLink", rtnl::Operation::kDeleteLink),
    number("listAddresses", rtnl::Operation::kListAddresses),
    number("addAddress", rtnl::Operation::kAddAddress),
    number("ensureAddress", rtnl::Operation::kEnsureAddress),
    number("replaceAddress", rtnl::Operation::kReplaceAddress),
    number("deleteAddress", rtnl::Operation::kDeleteAddress),
    number("planAddresses", rtnl::Operation::kPlanAddresses),
};
static_assert(std::size(kLinkOperations) == static_cast<size_t>(rtnl::Operation::kCount));

constexpr Number kLinkStatuses[] = {
    number("done", Status::kDone),         number("refused", Status::kRefused),
    number("lost", Status::kLost),         number("notSent", Status::kNotSent),
    number("otherKind", rtnl::kOtherKind), number("otherSettings", rtnl::kOtherSettings),
    number("otherLink", rtnl::kOtherLink),
};

constexpr Number kLinkSettings[] = {
    number("up", rtnl::Request::kUp),
    number("mtu", rtnl::Request::kMtu),
    number("prune", rtnl::Request::kPrune),
};

constexpr Number kAddressGiven[] = {
    number("scope", AddressSettings::kScope),
    number("peer", AddressSettings::kPeer),
    number("broadcast", AddressSettings::kBroadcast),
    number("label", AddressSettings::kLabel),
    number("lifetimes", AddressSettings::kLifetimes),
    number("prefixRoute", AddressSettings::kPrefixRoute),
    number("duplicateDetection", AddressSettings::kDuplicateDetection),
    number("listed", AddressSettings::kListed),
};

constexpr Number kLinkChanges[] = {
    number("add", rtnl::Change::kAdd),         number("replace", rtnl::Change::kReplace),
    number("delete", rtnl::Change::kDelete),   number("refuse", rtnl::Change::kRefuse),
    number("present", rtnl::Change::kPresent),
};

constexpr Number kLinkEventTypes[] = {
    number("link", rtnl::EventType::kLink),
    number("address", rtnl::EventType::kAddress),
    number("overrun", rtnl::EventType::kOverrun),
};

constexpr Number kWatchTypes[] = {
    number("link", rtnl::Monitor::kLinks),
    number("address", rtnl::Monitor::kAddresses),
};

constexpr Enumeration kEnumerations[] = {
    {"operations", kOperations},
    {"statuses", kStatuses},
    {"changes", kChanges},
    {"criteria", kCriteria},
    {"countBy", kCountBy},
    {"origins", kOrigins},
    {"connectionFlags", kConnectionFlags},
    {"linkOperations", kLinkOperations},
    {"linkStatuses", kLinkStatuses},
    {"linkSettings", kLinkSettings},
    {"addressGiven", kAddressGiven},
    {"linkChanges", kLinkChanges},
    {"linkEventTypes", kLinkEventTypes},
    {"watchTypes", kWatchTypes},
};

}  // namespace

Napi::Object make_layout(Napi::Env env) {
  Napi::Object layout = Napi::Object::New(env);
  for (const Record& record : kRecords) {
    Napi::Object fields = Napi::Object::New(env);
    for (const Field& field : record.fields) {
      Napi::Object place = Napi::Object::New(env);
      place.Set("offset", static_cast<double>(field.offset));
      place.Set("size", static_cast<double>(field.size));
      fields.Set(field.name, place);
    }
    Napi::Object described = Napi::Object::New(env);
    described.Set("size", static_cast<double>(record.size));
    described.Set("fields", fields);
    layout.Set(record.name, described);
  }
  for (const Enumeration& enumeration : kEnumerations) {
    Napi::Object numbers = Napi::Object::New(env);
    for (const Number& each : enumeration.numbers) numbers.Set(each.name, each.value);
    layout.Set(enumeration.name, numbers);
  }
  return layout;
}

}  // namespace binding
