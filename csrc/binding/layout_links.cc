#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>

#include "binding/layout_tables.h"
#include "rtnl/monitor.h"
#include "rtnl/request.h"
#include "rtnl/types.h"

namespace binding {
namespace {

using rtnl::AddressSettings;
using rtnl::LinkAddress;
using rtnl::Status;
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

constexpr Field kLinkResult[] = {
    FIELD(rtnl::Result, "error", error),         FIELD(rtnl::Result, "status", status),
    FIELD(rtnl::Result, "text", text),           FIELD(rtnl::Result, "created", created),
    FIELD(rtnl::Result, "changed", changed),     FIELD(rtnl::Result, "firstLink", first_link),
    FIELD(rtnl::Result, "links", links),         FIELD(rtnl::Result, "firstAddress", first_address),
    FIELD(rtnl::Result, "addresses", addresses), FIELD(rtnl::Result, "firstChange", first_change),
    FIELD(rtnl::Result, "changes", changes),
};

constexpr Field kLinkEvent[] = {
    FIELD(rtnl::Event, "type", type),
    FIELD(rtnl::Event, "deleted", deleted),
    FIELD(rtnl::Event, "place", place),
};

constexpr Record kRecords[] = {
    {"linkRequest", sizeof(rtnl::Request), kLinkRequest},
    {"link", sizeof(rtnl::Link), kLink},
    {"addressSettings", sizeof(AddressSettings), kAddressSettings},
    {"linkAddress", sizeof(LinkAddress), kLinkAddress},
    {"linkResult", sizeof(rtnl::Result), kLinkResult},
    {"linkEvent", sizeof(rtnl::Event), kLinkEvent},
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

constexpr Number kAddressChanges[] = {
    number("add", rtnl::AddressChange::kAdd),
    number("replace", rtnl::AddressChange::kReplace),
    number("delete", rtnl::AddressChange::kDelete),
    number("refuse", rtnl::AddressChange::kRefuse),
    number("present", rtnl::AddressChange::kPresent),
    number("prune", rtnl::AddressChange::kPrune),
    number("keep", rtnl::AddressChange::kKeep),
    number("restore", rtnl::AddressChange::kRestore),
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

constexpr Number kLinkFlags[] = {
    number("up", IFF_UP),
};

// The tables of the kernel's numbers have the names that users of the package see.

constexpr Number kLinkStates[] = {
    number("unknown", IF_OPER_UNKNOWN), number("not-present", IF_OPER_NOTPRESENT),
    number("down", IF_OPER_DOWN),       number("lower-layer-down", IF_OPER_LOWERLAYERDOWN),
    number("testing", IF_OPER_TESTING), number("dormant", IF_OPER_DORMANT),
    number("up", IF_OPER_UP),
};

constexpr Number kAddressScopes[] = {
    number("global", RT_SCOPE_UNIVERSE), number("site", RT_SCOPE_SITE),
    number("link", RT_SCOPE_LINK),       number("host", RT_SCOPE_HOST),
    number("nowhere", RT_SCOPE_NOWHERE),
};

constexpr Number kAddressFlags[] = {
    number("secondary", IFA_F_SECONDARY),
    number("no-dad", IFA_F_NODAD),
    number("optimistic", IFA_F_OPTIMISTIC),
    number("dad-failed", IFA_F_DADFAILED),
    number("home-address", IFA_F_HOMEADDRESS),
    number("deprecated", IFA_F_DEPRECATED),
    number("tentative", IFA_F_TENTATIVE),
    number("permanent", IFA_F_PERMANENT),
    number("manage-temporary", IFA_F_MANAGETEMPADDR),
    number("no-prefix-route", IFA_F_NOPREFIXROUTE),
    number("multicast-auto-join", IFA_F_MCAUTOJOIN),
    number("stable-privacy", IFA_F_STABLE_PRIVACY),
};

// The longest names, in characters.
constexpr Number kLinkLimits[] = {
    number("kindLength", sizeof(rtnl::Request::kind) - 1),
};

constexpr Number kLifetimes[] = {
    number("forever", AddressSettings::kForever),
};

constexpr Enumeration kEnumerations[] = {
    {"linkOperations", kLinkOperations}, {"linkStatuses", kLinkStatuses},
    {"linkSettings", kLinkSettings},     {"addressGiven", kAddressGiven},
    {"addressChanges", kAddressChanges}, {"linkEventTypes", kLinkEventTypes},
    {"watchTypes", kWatchTypes},         {"linkFlags", kLinkFlags},
    {"linkStates", kLinkStates},         {"addressScopes", kAddressScopes},
    {"addressFlags", kAddressFlags},     {"linkLimits", kLinkLimits},
    {"lifetimes", kLifetimes},
};

constexpr LayoutTables kTables{kRecords, kEnumerations};

}  // namespace

LayoutTables links_layout() { return kTables; }
uint32_t links_layout_hash() { return hash_of(kTables); }

}  // namespace binding
