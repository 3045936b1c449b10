// Random objects of IPVS, and the replies in which a kernel reports them.
#pragma once

#include "ipvs/types.h"
#include "test/random.h"
#include "test/wire.h"

namespace test {

/// Returns an object that the kernel could report: fields that do not apply are 0.
ipvs::Service random_service(Random& random);
ipvs::Destination random_destination(Random& random);
ipvs::SyncDaemon random_daemon(Random& random);
ipvs::Stats random_stats(Random& random);

/// The payload of a message, and what must be decoded from it.
template <typename Entry>
struct Reply {
  wire::Buffer payload;  ///< from the genlmsghdr on
  Entry expected;
};

/// Returns a reply with all variations that a decoder must accept: attributes in any order, unknown
/// ones, padding, numbers longer than needed, statistics of 32 bits, 64 bits, both or neither, IPv4
/// addresses of four bytes, the HASHED flag, and nests with and without their flag.
Reply<ipvs::ServiceEntry> service_reply(Random& random);
/// Returns a reply as above. A destination without a family has that of its service, `family`.
Reply<ipvs::DestinationEntry> destination_reply(Random& random, uint16_t family = 2);
Reply<ipvs::SyncDaemon> daemon_reply(Random& random);

}  // namespace test
