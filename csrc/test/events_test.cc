// Messages that arrive without a request: Socket::receive() and the monitor.
#include <doctest/doctest.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "netlink/socket.h"
#include "os/descriptor.h"
#include "os/namespace.h"
#include "rtnl/monitor.h"
#include "test/fake_kernel.h"
#include "test/other_namespace.h"
#include "test/socket_options.h"
#include "test/wire.h"

using netlink::Messages;
using netlink::Socket;
using rtnl::Events;
using rtnl::EventType;
using rtnl::Monitor;
using test::FakeKernel;
using wire::attribute;
using wire::Buffer;
using wire::join;
using wire::raw;

namespace {

// A kernel that gets no requests.
FakeKernel silent_kernel() {
  return FakeKernel([](const auto&, const auto&) { FAIL("a request"); });
}

Buffer message(uint16_t type, const Buffer& payload) {
  nlmsghdr header{};
  header.nlmsg_type = type;
  return wire::message(header, payload);
}

Buffer link(uint16_t type, uint32_t index, uint8_t family = AF_UNSPEC, const Buffer& more = {}) {
  return message(type, join(raw(family), Buffer(3), raw(index), Buffer(8),
                            attribute(IFLA_MTU, raw(uint32_t{1500})), more));
}

Buffer address(uint16_t type, uint32_t index, const Buffer& more = {}) {
  return message(type, join(raw(uint8_t{AF_INET}), raw(uint8_t{32}), Buffer(2), raw(index),
                            attribute(IFA_LOCAL, wire::hex("0a000001")), more));
}

// An attribute longer than its message.
const Buffer kTooLong = wire::hex("ff00 0300");

// Returns the events in order, such as "+link 3, -address 2, overrun".
std::string to_text(const Events& events) {
  std::string text;
  for (const auto& event : events.events) {
    if (!text.empty()) text += ", ";
    const std::string sign = event.deleted != 0 ? "-" : "+";
    switch (static_cast<EventType>(event.type)) {
      case EventType::kLink:
        text += sign + "link " + std::to_string(events.links.at(event.place).index);
        break;
      case EventType::kAddress:
        text += sign + "address " + std::to_string(events.addresses.at(event.place).index);
        break;
      default:
        text += "overrun";
        break;
    }
  }
  return text;
}

// Returns the events of one datagram.
std::string events_of(const Buffer& datagram) {
  FakeKernel kernel = silent_kernel();
  Monitor monitor(kernel.connect());
  kernel.send(datagram);
  const Events events = monitor.take();
  CHECK(events.more);
  CHECK_FALSE(monitor.take().more);
  return to_text(events);
}

// Changes the MTU of `lo` in the network namespace of a socket.
void set_mtu(const os::Descriptor& socket, int mtu) {
  ifreq request{};
  std::strcpy(request.ifr_name, "lo");
  request.ifr_mtu = mtu;
  REQUIRE(::ioctl(socket.get(), SIOCSIFMTU, &request) == 0);
}

}  // namespace

TEST_CASE("a socket without pending messages receives nothing and does not wait") {
  FakeKernel kernel = silent_kernel();
  Socket socket = kernel.connect();
  const auto received = socket.receive([](const Messages&) { FAIL("a message"); });
  CHECK_FALSE(received.more);
  CHECK_FALSE(received.overrun);
}

TEST_CASE("a socket receives each message once, in order, and then has no more") {
  FakeKernel kernel = silent_kernel();
  Socket socket = kernel.connect();
  std::vector<uint16_t> sent;
  for (uint16_t type = 100; type < 130; type += 3) {
    kernel.send(join(message(type, {}), message(type + 1, Buffer(8)), message(type + 2, {})));
    for (uint16_t i = 0; i < 3; ++i) sent.push_back(type + i);
  }
  std::vector<uint16_t> found;
  for (bool more = true; more;) {
    const auto received =
        socket.receive([&](const Messages& each) { found.push_back(each.header().nlmsg_type); });
    CHECK_FALSE(received.overrun);
    more = received.more;
  }
  CHECK((found == sent));
}

TEST_CASE("a socket reports an overrun for a malformed datagram and receives the next one") {
  struct Case {
    const char* name;
    Buffer datagram;
    size_t whole;  // messages before the malformed one
  };
  Buffer cut = message(100, Buffer(20));
  cut.resize(cut.size() - 4);
  const Case cases[] = {
      {"a message that is cut", cut, 0},
      {"a cut message after a whole one", join(message(100, {}), cut), 1},
      {"half a header", Buffer(8), 0},
  };
  for (const Case& one : cases) {
    CAPTURE(one.name);
    FakeKernel kernel = silent_kernel();
    Socket socket = kernel.connect();
    size_t found = 0;
    const auto count = [&](const Messages&) { ++found; };
    kernel.send(one.datagram);
    const auto malformed = socket.receive(count);
    CHECK(malformed.overrun);
    CHECK(malformed.more);
    CHECK(found == one.whole);
    kernel.send(message(102, {}));
    CHECK_FALSE(socket.receive(count).overrun);
    CHECK(found == one.whole + 1);
  }
}

TEST_CASE("a monitor reports events of links and addresses in order") {
  CHECK(events_of(join(link(RTM_NEWLINK, 3), address(RTM_NEWADDR, 3), address(RTM_DELADDR, 2),
                       link(RTM_DELLINK, 4))) == "+link 3, +address 3, -address 2, -link 4");
  CHECK(events_of(message(RTM_NEWROUTE, Buffer(12))).empty());
}

TEST_CASE("a monitor reports an overrun after messages that it cannot decode") {
  CHECK(events_of(link(RTM_NEWLINK, 3, AF_UNSPEC, kTooLong)) == "overrun");
  CHECK(events_of(link(RTM_DELLINK, 3, AF_UNSPEC, kTooLong)) == "overrun");
  CHECK(events_of(address(RTM_NEWADDR, 3, kTooLong)) == "overrun");
  CHECK(events_of(address(RTM_DELADDR, 3, kTooLong)) == "overrun");
  CHECK(events_of(message(RTM_NEWLINK, {})) == "overrun");
  CHECK(events_of(message(RTM_NEWADDR, Buffer(7))) == "overrun");
  CHECK(events_of(join(link(RTM_NEWLINK, 3, AF_UNSPEC, kTooLong), link(RTM_NEWLINK, 4))) ==
        "+link 4, overrun");
  Buffer cut = link(RTM_NEWLINK, 5);
  cut.resize(cut.size() - 4);
  CHECK(events_of(join(link(RTM_NEWLINK, 4), cut)) == "+link 4, overrun");
}

TEST_CASE("a monitor does not report a link that leaves its bridge as deleted") {
  CHECK(events_of(join(link(RTM_NEWLINK, 3, AF_BRIDGE), link(RTM_DELLINK, 3, AF_BRIDGE),
                       link(RTM_NEWLINK, 3))) == "+link 3");
}

TEST_CASE("a monitor has no events from before an overrun, and misses none after it") {
  if (!test::OtherNamespace().exists()) return;
  const os::Namespace netns = os::Namespace::create();
  const os::Descriptor control =
      netns.open([] { return os::Descriptor(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)); });
  Socket socket = Socket::open(NETLINK_ROUTE, netns);
  socket.join(RTNLGRP_LINK);
  test::set_option(socket.descriptor(), SO_RCVBUF, 100'000);
  Monitor monitor(std::move(socket));
  for (const int mtu : {2000, 3000}) {
    CAPTURE(mtu);
    // The queue has room for some ten messages, and not for all.
    for (int change = 1; change <= 1000; ++change) set_mtu(control, mtu + change);
    CHECK(to_text(monitor.take()) == "overrun");
    set_mtu(control, mtu);
    const Events events = monitor.take();
    CHECK(to_text(events) == "+link 1");
    for (const rtnl::Link& link : events.links) CHECK(link.mtu == mtu);
    CHECK(to_text(monitor.take()).empty());
  }
}
