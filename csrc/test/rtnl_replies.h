// Parts of the messages of links and addresses, and random replies in which a kernel reports them.
#pragma once

#include <linux/rtnetlink.h>

#include <cstdint>
#include <string_view>

#include "rtnl/types.h"
#include "test/ipvs_replies.h"
#include "test/random.h"
#include "test/wire.h"

namespace test {

/// IFA_PROTO, which headers before those of Linux 5.18 lack.
constexpr uint16_t kOrigin = 11;

/// Returns a struct ifinfomsg; `change` has the bits of `flags` that are set.
wire::Buffer link_header(uint32_t index, uint32_t flags = 0, uint32_t change = 0);
/// Returns a struct ifaddrmsg.
wire::Buffer address_header(uint8_t family, uint8_t prefix_length, uint8_t flags, uint8_t scope,
                            uint32_t index);
/// Returns the characters with a NUL.
wire::Buffer terminated(std::string_view characters);
/// Returns IFLA_LINKINFO with a kind.
wire::Buffer kind_nest(std::string_view kind);

/// Returns a link with random attributes in random order, some unknown, some longer than needed.
Reply<rtnl::Link> link_reply(Random& random);
/// Returns an address with random attributes in random order, as above.
Reply<rtnl::LinkAddress> address_reply(Random& random);

}  // namespace test
