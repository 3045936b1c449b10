#include "rtnl/codec.h"

#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>
#include <span>

namespace rtnl {
namespace {

using netlink::Attributes;
using netlink::MessageBatch;
using netlink::Messages;
using netlink::ReplyKind;

// IFA_PROTO, which headers before those of Linux 5.18 lack.
constexpr uint16_t kOrigin = 11;

size_t address_bytes(uint16_t family) { return family == AF_INET ? 4 : sizeof(Address); }

void put_address(MessageBatch& batch, uint16_t attribute, const Address& address, uint16_t family) {
  batch.put_bytes(attribute, std::as_bytes(std::span(address)).first(address_bytes(family)));
}

void begin_link(MessageBatch& batch, uint16_t type, uint16_t flags, const LinkKey& key,
                const LinkSettings& settings, ReplyKind reply_kind) {
  ifinfomsg header{};
  header.ifi_index = static_cast<int>(key.index);
  if (settings.up) {
    header.ifi_change = IFF_UP;
    header.ifi_flags = *settings.up ? IFF_UP : 0;
  }
  batch.begin(type, flags, header, reply_kind);
  // With an index, a name would rename the link.
  if (key.index == 0 && !key.name.view().empty()) batch.put_string(IFLA_IFNAME, key.name.view());
  if (settings.mtu) batch.put(IFLA_MTU, *settings.mtu);
}

void put_kind(MessageBatch& batch, std::string_view kind) {
  const size_t nest = batch.begin_nest(IFLA_LINKINFO);
  batch.put_string(IFLA_INFO_KIND, kind);
  batch.end_nest(nest);
}

void put_address_message(MessageBatch& batch, uint16_t type, uint16_t flags, uint32_t index,
                         const AddressSettings& address) {
  ifaddrmsg header{};
  header.ifa_family = static_cast<uint8_t>(address.family);
  header.ifa_prefixlen = static_cast<uint8_t>(address.prefix_length);
  header.ifa_scope = static_cast<uint8_t>(address.scope);
  header.ifa_index = index;
  batch.begin(type, flags, header, ReplyKind::kErrorOnly);
  put_address(batch, IFA_LOCAL, address.address, address.family);
  // For IPv4, the prefix length belongs to this address.
  const bool peer = !netlink::same(address.peer, Address{});
  put_address(batch, IFA_ADDRESS, peer ? address.peer : address.address, address.family);
  if (type == RTM_NEWADDR) {
    if (!netlink::same(address.broadcast, Address{})) {
      put_address(batch, IFA_BROADCAST, address.broadcast, address.family);
    }
    // The header has only the lower eight flags.
    if (address.flags != 0) batch.put(IFA_FLAGS, address.flags);
    if (address.metric != 0) batch.put(IFA_RT_PRIORITY, address.metric);
    if (address.origin != 0) batch.put(kOrigin, static_cast<uint8_t>(address.origin));
    if ((address.given & AddressSettings::kLifetimes) != 0) {
      const ifa_cacheinfo lifetimes{
          .ifa_prefered = address.preferred, .ifa_valid = address.valid, .cstamp = 0, .tstamp = 0};
      batch.put_bytes(IFA_CACHEINFO, std::as_bytes(std::span(&lifetimes, 1)));
    }
  }
  // With a label, the kernel deletes only an address that has it.
  const bool labelled = type == RTM_NEWADDR || (address.given & AddressSettings::kLabel) != 0;
  if (labelled && !address.label.view().empty()) {
    batch.put_string(IFA_LABEL, address.label.view());
  }
  batch.end();
}

template <typename Header>
bool read_header(const Messages& message, Header& header) {
  if (message.payload().size() < sizeof header) return false;
  std::memcpy(&header, message.payload().data(), sizeof header);
  return true;
}

void read_kind(Attributes& attributes, Link& link) {
  while (attributes.next()) {
    if (attributes.type() == IFLA_INFO_KIND) link.kind.assign(attributes.string());
  }
}

}  // namespace

void put_get_link(MessageBatch& batch, const LinkKey& key) {
  begin_link(batch, RTM_GETLINK, 0, key, {}, ReplyKind::kData);
  batch.put<uint32_t>(IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
  batch.end();
}

void put_list_links(MessageBatch& batch, const Name<32>& kind) {
  begin_link(batch, RTM_GETLINK, NLM_F_DUMP, {}, {}, ReplyKind::kDump);
  batch.put<uint32_t>(IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
  if (!kind.view().empty()) put_kind(batch, kind.view());
  batch.end();
}

void put_new_dummy(MessageBatch& batch, const Name<16>& name, const LinkSettings& settings) {
  begin_link(batch, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, {0, name}, settings,
             ReplyKind::kErrorOnly);
  put_kind(batch, "dummy");
  batch.end();
}

void put_set_link(MessageBatch& batch, const LinkKey& key, const LinkSettings& settings) {
  begin_link(batch, RTM_SETLINK, 0, key, settings, ReplyKind::kErrorOnly);
  batch.end();
}

void put_delete_link(MessageBatch& batch, const LinkKey& key) {
  begin_link(batch, RTM_DELLINK, 0, key, {}, ReplyKind::kErrorOnly);
  batch.end();
}

void put_list_addresses(MessageBatch& batch, uint32_t index, uint16_t family) {
  ifaddrmsg header{};
  header.ifa_family = static_cast<uint8_t>(family);
  header.ifa_index = index;
  batch.begin(RTM_GETADDR, NLM_F_DUMP, header, ReplyKind::kDump);
  batch.end();
}

void put_new_address(MessageBatch& batch, uint32_t index, const AddressSettings& address) {
  put_address_message(batch, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, index, address);
}

void put_replace_address(MessageBatch& batch, uint32_t index, const AddressSettings& address) {
  put_address_message(batch, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, index, address);
}

void put_delete_address(MessageBatch& batch, uint32_t index, const AddressSettings& address) {
  put_address_message(batch, RTM_DELADDR, 0, index, address);
}

std::optional<Link> read_link(const Messages& message) {
  ifinfomsg header;
  if (!read_header(message, header)) return std::nullopt;
  Link link{};
  link.index = static_cast<uint32_t>(header.ifi_index);
  link.flags = header.ifi_flags;
  Attributes attributes = message.attributes(sizeof header);
  while (attributes.next()) {
    switch (attributes.type()) {
      case IFLA_IFNAME:
        link.name.assign(attributes.string());
        break;
      case IFLA_MTU:
        link.mtu = attributes.number<uint32_t>();
        break;
      case IFLA_OPERSTATE:
        link.state = attributes.number<uint8_t>();
        break;
      case IFLA_ADDRESS:
        // Its length depends on the type of device.
        link.hardware_length =
            static_cast<uint32_t>(std::min(attributes.payload().size(), link.hardware.size()));
        std::memcpy(link.hardware.data(), attributes.payload().data(), link.hardware_length);
        break;
      case IFLA_LINKINFO:
        attributes.nested([&](Attributes& inner) { read_kind(inner, link); });
        break;
      default:
        break;
    }
  }
  if (attributes.malformed()) return std::nullopt;
  return link;
}

std::optional<LinkAddress> read_address(const Messages& message) {
  ifaddrmsg header;
  if (!read_header(message, header)) return std::nullopt;
  if (header.ifa_family != AF_INET && header.ifa_family != AF_INET6) return std::nullopt;
  LinkAddress found{};
  AddressSettings& settings = found.settings;
  found.index = header.ifa_index;
  settings.family = header.ifa_family;
  settings.prefix_length = header.ifa_prefixlen;
  settings.scope = header.ifa_scope;
  settings.flags = header.ifa_flags;
  settings.preferred = AddressSettings::kForever;
  settings.valid = AddressSettings::kForever;

  Address local{};
  bool has_local = false;
  Attributes attributes = message.attributes(sizeof header);
  while (attributes.next()) {
    switch (attributes.type()) {
      case IFA_LOCAL:
        attributes.copy(std::as_writable_bytes(std::span(local)));
        has_local = true;
        break;
      case IFA_ADDRESS:
        attributes.copy(std::as_writable_bytes(std::span(settings.address)));
        break;
      case IFA_BROADCAST:
        attributes.copy(std::as_writable_bytes(std::span(settings.broadcast)));
        break;
      case IFA_LABEL:
        settings.label.assign(attributes.string());
        break;
      case IFA_FLAGS:
        settings.flags = attributes.number<uint32_t>();
        break;
      case IFA_RT_PRIORITY:
        settings.metric = attributes.number<uint32_t>();
        break;
      case kOrigin:
        settings.origin = attributes.number<uint8_t>();
        break;
      case IFA_CACHEINFO: {
        ifa_cacheinfo lifetimes;
        if (attributes.payload().size() < sizeof lifetimes) return std::nullopt;
        std::memcpy(&lifetimes, attributes.payload().data(), sizeof lifetimes);
        settings.preferred = lifetimes.ifa_prefered;
        settings.valid = lifetimes.ifa_valid;
        break;
      }
      default:
        break;
    }
  }
  if (attributes.malformed()) return std::nullopt;
  // Of a permanent IPv4 address, the kernel does not report that no preferred time is left.
  if ((settings.flags & IFA_F_DEPRECATED) != 0 && settings.preferred == AddressSettings::kForever) {
    settings.preferred = 0;
  }
  if (has_local && !netlink::same(local, settings.address)) {
    settings.peer = settings.address;
    settings.address = local;
  }
  return found;
}

}  // namespace rtnl
