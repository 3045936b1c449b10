// Encodes links and addresses as rtnetlink messages, and decodes them. Pure functions.
//
// Compatibility: unknown attributes are skipped, missing ones stay zero, known ones that are too
//   short are malformed.
#pragma once

#include <optional>

#include "netlink/message.h"
#include "rtnl/types.h"

namespace rtnl {

/// Appends RTM_GETLINK for one link.
void put_get_link(netlink::MessageBatch& batch, const LinkKey& key);
/// Appends RTM_GETLINK for all links, or for those of a kind, unless it is empty.
void put_list_links(netlink::MessageBatch& batch, const Name<32>& kind);
/// The wanted settings of a link. Those without a value stay.
struct LinkSettings {
  std::optional<bool> up = {};
  std::optional<uint32_t> mtu = {};
};
/// Appends RTM_NEWLINK with NLM_F_EXCL for a new dummy link: without the flag the kernel takes over
/// an existing link of any kind.
void put_new_dummy(netlink::MessageBatch& batch, const Name<16>& name,
                   const LinkSettings& settings);
/// Appends RTM_SETLINK.
void put_set_link(netlink::MessageBatch& batch, const LinkKey& key, const LinkSettings& settings);
/// Appends RTM_DELLINK.
void put_delete_link(netlink::MessageBatch& batch, const LinkKey& key);

/// Appends RTM_GETADDR for all addresses, or for those of a link and of a family, unless they are
/// 0. The kernel ignores the link unless the socket has NETLINK_GET_STRICT_CHK.
void put_list_addresses(netlink::MessageBatch& batch, uint32_t index, uint16_t family);
/// Appends RTM_NEWADDR with NLM_F_EXCL: the link of this index must not have the address.
void put_new_address(netlink::MessageBatch& batch, uint32_t index, const AddressSettings& address);
/// Appends RTM_NEWADDR with NLM_F_REPLACE: an existing address gets these lifetimes, or unlimited
/// ones if none were given, and for IPv6 these flags.
void put_replace_address(netlink::MessageBatch& batch, uint32_t index,
                         const AddressSettings& address);
/// Appends RTM_DELADDR with the address: without it the kernel would delete the first one.
void put_delete_address(netlink::MessageBatch& batch, uint32_t index,
                        const AddressSettings& address);

/// Reads an RTM_NEWLINK or RTM_DELLINK. Returns nothing if it is malformed.
std::optional<Link> read_link(const netlink::Messages& message);
/// Reads an RTM_NEWADDR or RTM_DELADDR. Returns nothing if it is malformed, or its family is not
/// IP.
std::optional<LinkAddress> read_address(const netlink::Messages& message);

}  // namespace rtnl
