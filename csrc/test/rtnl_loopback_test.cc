// The loopback link of a created namespace.
#include "rtnl/loopback.h"

#include <doctest/doctest.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "os/descriptor.h"
#include "os/error.h"
#include "os/namespace.h"
#include "test/capabilities.h"
#include "test/other_namespace.h"

using os::Descriptor;
using os::Namespace;

namespace {

// Returns the flags of `lo`, by another interface than rtnetlink.
int loopback_flags(const Namespace& netns) {
  const Descriptor socket =
      netns.open([] { return Descriptor(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)); });
  ifreq request{};
  std::strcpy(request.ifr_name, "lo");
  REQUIRE(::ioctl(socket.get(), SIOCGIFFLAGS, &request) == 0);
  return request.ifr_flags;
}

}  // namespace

TEST_CASE("the loopback link of a created namespace is down until it is brought up") {
  if (!test::OtherNamespace().exists()) return;
  const Namespace netns = Namespace::create();
  const Namespace other = Namespace::create();
  CHECK((loopback_flags(netns) & IFF_UP) == 0);
  rtnl::bring_up_loopback(netns);
  CHECK((loopback_flags(netns) & IFF_UP) != 0);
  CHECK((loopback_flags(other) & IFF_UP) == 0);
  rtnl::bring_up_loopback(netns);
  CHECK((loopback_flags(netns) & IFF_UP) != 0);
}

TEST_CASE("without CAP_NET_ADMIN, bringing up the loopback link fails with EPERM") {
  std::string found;
  test::without_capabilities([&] {
    try {
      rtnl::bring_up_loopback(Namespace());
    } catch (const os::Error& error) {
      found = error.syscall() + ' ' + std::to_string(error.error());
    }
  });
  CHECK(found == "RTM_SETLINK " + std::to_string(EPERM));
}
