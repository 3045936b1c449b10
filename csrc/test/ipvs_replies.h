// Services and destinations, at random, and the bytes in which a kernel tells of them.
#pragma once

#include "ipvs/types.h"
#include "test/random.h"
#include "test/wire.h"

namespace test {

/// As the kernel keeps them: nothing is set that it would not give back.
ipvs::Service random_service(Random& random);
ipvs::Destination random_destination(Random& random);
ipvs::SyncDaemon random_daemon(Random& random);
ipvs::Stats random_stats(Random& random);

/// A message's payload, and what is to be read from it.
template <typename Entry>
struct Reply {
  wire::Buffer payload;  ///< from the genlmsghdr on
  Entry expected;
};

/// A reply with all that a reader must cope with: attributes in any order, unknown ones, padding,
/// numbers that are too long, statistics of 32 bits, of 64 bits, of both or none, IPv4 addresses of
/// four bytes, the HASHED flag, nests with and without their flag.
Reply<ipvs::ServiceEntry> service_reply(Random& random);
/// Likewise; where the destination's family is missing it is that of the service, `family`.
Reply<ipvs::DestinationEntry> destination_reply(Random& random, uint16_t family = 2);
Reply<ipvs::SyncDaemon> daemon_reply(Random& random);

}  // namespace test
