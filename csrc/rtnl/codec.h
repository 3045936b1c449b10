// Links and addresses <-> rtnetlink messages. Pure.
//
// Reading is as tolerant as the kernel's compatibility needs: unknown attributes are skipped,
// missing ones stay zero, known ones that are too short are damage.
#pragma once

#include <optional>

#include "netlink/message.h"
#include "rtnl/types.h"

namespace rtnl {

/// Appends RTM_GETLINK for one link.
void put_get_link(netlink::MessageBatch& batch, const LinkKey& key);
/// Appends RTM_GETLINK for all links, or for those of a kind that is not empty.
void put_list_links(netlink::MessageBatch& batch, const Name<32>& kind);
/// What a link is to become; what is absent stays.
struct LinkSettings {
  std::optional<bool> up = {};
  std::optional<uint32_t> mtu = {};
};
/// Appends RTM_NEWLINK that makes a dummy link, which must not exist: without NLM_F_EXCL the kernel
/// takes over a link of any kind.
void put_new_dummy(netlink::MessageBatch& batch, const Name<16>& name,
                   const LinkSettings& settings);
/// Appends RTM_SETLINK.
void put_set_link(netlink::MessageBatch& batch, const LinkKey& key, const LinkSettings& settings);
/// Appends RTM_DELLINK.
void put_delete_link(netlink::MessageBatch& batch, const LinkKey& key);

/// Appends RTM_GETADDR for all addresses; those of a link where `index` is not 0, which the kernel
/// heeds on a socket with NETLINK_GET_STRICT_CHK, and those of a family where that is not 0.
void put_list_addresses(netlink::MessageBatch& batch, uint32_t index, uint16_t family);
/// Appends RTM_NEWADDR with NLM_F_EXCL: the link of this index must not have the address.
void put_new_address(netlink::MessageBatch& batch, uint32_t index, const AddressSettings& address);
/// Appends RTM_NEWADDR with NLM_F_REPLACE: an address that exists gets these lifetimes, for ever if
/// none were given, and, if IPv6, these flags.
void put_replace_address(netlink::MessageBatch& batch, uint32_t index,
                         const AddressSettings& address);
/// Appends RTM_DELADDR, always with the address: without one, the kernel deletes the first.
void put_delete_address(netlink::MessageBatch& batch, uint32_t index,
                        const AddressSettings& address);

/// Reads an RTM_NEWLINK or RTM_DELLINK; nothing if it is damaged.
std::optional<Link> read_link(const netlink::Messages& message);
/// Reads an RTM_NEWADDR or RTM_DELADDR; nothing if it is damaged or of another family than IP.
std::optional<LinkAddress> read_address(const netlink::Messages& message);

}  // namespace rtnl
