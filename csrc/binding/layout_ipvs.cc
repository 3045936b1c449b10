#include <linux/ip_vs.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "binding/layout_tables.h"
#include "ipvs/plan.h"
#include "ipvs/request.h"
#include "ipvs/types.h"

namespace binding {
namespace {

using ipvs::Changes;
using ipvs::DestinationEntry;
using ipvs::Operation;
using ipvs::Request;
using ipvs::Result;
using ipvs::ServiceEntry;
using ipvs::Status;
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

constexpr Field kResult[] = {
    FIELD(Result, "error", error),
    FIELD(Result, "status", status),
    FIELD(Result, "text", text),
    FIELD(Result, "created", created),
    FIELD(Result, "firstService", first_service),
    FIELD(Result, "services", services),
    FIELD(Result, "firstDestination", first_destination),
    FIELD(Result, "destinations", destinations),
    FIELD(Result, "firstDaemon", first_daemon),
    FIELD(Result, "daemons", daemons),
    FIELD(Result, "timeouts", timeouts),
    FIELD(Result, "version", info.version),
    FIELD(Result, "connectionTableSize", info.connection_table_size),
};

constexpr Record kRecords[] = {
    {"request", sizeof(Request), kRequest},
    {"service", sizeof(ipvs::Service), kService},
    {"destination", sizeof(ipvs::Destination), kDestination},
    {"stats", sizeof(ipvs::Stats), kStats},
    {"timeouts", sizeof(ipvs::Timeouts), kTimeouts},
    {"daemon", sizeof(ipvs::SyncDaemon), kDaemon},
    {"serviceEntry", sizeof(ServiceEntry), kServiceEntry},
    {"destinationEntry", sizeof(DestinationEntry), kDestinationEntry},
    {"result", sizeof(Result), kResult},
};

constexpr Number kOperations[] = {
    number("addService", Operation::kAddService),
    number("updateService", Operation::kUpdateService),
    number("ensureService", Operation::kEnsureService),
    number("setService", Operation::kSetService),
    number("deleteService", Operation::kDeleteService),
    number("getService", Operation::kGetService),
    number("listServices", Operation::kListServices),
    number("addDestination", Operation::kAddDestination),
    number("updateDestination", Operation::kUpdateDestination),
    number("ensureDestination", Operation::kEnsureDestination),
    number("setDestination", Operation::kSetDestination),
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

constexpr Number kDrainedProtocols[] = {
    number("tcp", ipvs::PlanOptions::kDrainTcp),
    number("udp", ipvs::PlanOptions::kDrainUdp),
    number("sctp", ipvs::PlanOptions::kDrainSctp),
};

constexpr Number kPlanOrigins[] = {
    number("auxiliary", ipvs::PlannedChanges::kAuxiliary),
};

constexpr Number kFamilies[] = {
    number("ipv4", AF_INET),
    number("ipv6", AF_INET6),
};

// The other tables of the kernel's numbers have the names that users of the package see.

constexpr Number kProtocols[] = {
    number("tcp", IPPROTO_TCP),
    number("udp", IPPROTO_UDP),
    number("sctp", IPPROTO_SCTP),
};

constexpr Number kServiceFlags[] = {
    number("persistent", ipvs::ServiceFlags::kPersistent),
    number("onePacket", ipvs::ServiceFlags::kOnePacket),
    number("scheduler", ipvs::ServiceFlags::kScheduler),
};

constexpr Number kSchedulerFlags[] = {
    number("sh-fallback", IP_VS_SVC_F_SCHED_SH_FALLBACK),
    number("sh-port", IP_VS_SVC_F_SCHED_SH_PORT),
    number("mh-fallback", IP_VS_SVC_F_SCHED1),
    number("mh-port", IP_VS_SVC_F_SCHED2),
    number("flag-1", IP_VS_SVC_F_SCHED1),
    number("flag-2", IP_VS_SVC_F_SCHED2),
    number("flag-3", IP_VS_SVC_F_SCHED3),
};

constexpr Number kForwardings[] = {
    number("masquerade", IP_VS_CONN_F_MASQ), number("local", IP_VS_CONN_F_LOCALNODE),
    number("tunnel", IP_VS_CONN_F_TUNNEL),   number("direct", IP_VS_CONN_F_DROUTE),
    number("bypass", IP_VS_CONN_F_BYPASS),
};

constexpr Number kTunnelTypes[] = {
    number("ipip", IP_VS_CONN_F_TUNNEL_TYPE_IPIP),
    number("gue", IP_VS_CONN_F_TUNNEL_TYPE_GUE),
    number("gre", IP_VS_CONN_F_TUNNEL_TYPE_GRE),
};

constexpr Number kTunnelChecksums[] = {
    number("none", IP_VS_TUNNEL_ENCAP_FLAG_NOCSUM),
    number("checksum", IP_VS_TUNNEL_ENCAP_FLAG_CSUM),
    number("remote-checksum", IP_VS_TUNNEL_ENCAP_FLAG_REMCSUM),
};

constexpr Number kDaemonRoles[] = {
    number("master", IP_VS_STATE_MASTER),
    number("backup", IP_VS_STATE_BACKUP),
};

// The largest forwarding method, and the longest names in characters.
constexpr Number kLimits[] = {
    number("forwarding", IP_VS_CONN_F_FWD_MASK),
    number("schedulerLength", IP_VS_SCHEDNAME_MAXLEN - 1),
    number("engineLength", IP_VS_PENAME_MAXLEN),
};

constexpr Enumeration kEnumerations[] = {
    {"operations", kOperations},
    {"statuses", kStatuses},
    {"changes", kChanges},
    {"drainedProtocols", kDrainedProtocols},
    {"planOrigins", kPlanOrigins},
    {"families", kFamilies},
    {"protocols", kProtocols},
    {"serviceFlags", kServiceFlags},
    {"schedulerFlags", kSchedulerFlags},
    {"forwardings", kForwardings},
    {"tunnelTypes", kTunnelTypes},
    {"tunnelChecksums", kTunnelChecksums},
    {"daemonRoles", kDaemonRoles},
    {"limits", kLimits},
};

constexpr LayoutTables kTables{kRecords, kEnumerations};

}  // namespace

LayoutTables ipvs_layout() { return kTables; }
uint32_t ipvs_layout_hash() { return hash_of(kTables); }

}  // namespace binding
