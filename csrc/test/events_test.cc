// What arrives without being asked for: Socket::take(), and the monitor on it.
#include <doctest/doctest.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>

#include <string>
#include <vector>

#include "netlink/socket.h"
#include "rtnl/monitor.h"
#include "test/fake_kernel.h"
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

// A kernel that is asked for nothing.
FakeKernel announcer() {
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

// An attribute that claims to be longer than the message.
const Buffer kLie = wire::hex("ff00 0300");

// "+link 3", "-address 2", "overrun": the events, in order.
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

// What is taken of one datagram.
std::string taken(const Buffer& datagram) {
  FakeKernel kernel = announcer();
  Monitor monitor(kernel.connect());
  kernel.send(datagram);
  const Events events = monitor.take();
  CHECK(events.more);
  CHECK_FALSE(monitor.take().more);
  return to_text(events);
}

}  // namespace

TEST_SUITE("a socket") {
  TEST_CASE("has nothing where nothing has arrived, and does not wait") {
    FakeKernel kernel = announcer();
    Socket socket = kernel.connect();
    const auto received = socket.receive([](const Messages&) { FAIL("a message"); });
    CHECK_FALSE(received.more);
    CHECK_FALSE(received.overrun);
  }

  TEST_CASE("hands over each message once, in order, and then has no more") {
    FakeKernel kernel = announcer();
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

  TEST_CASE("reports an overrun where a datagram is damaged, and goes on") {
    struct Case {
      const char* name;
      Buffer datagram;
      size_t whole;  // messages before the damage
    };
    Buffer cut = message(100, Buffer(20));
    cut.resize(cut.size() - 4);
    const Case cases[] = {
        {"a message that is cut", cut, 0},
        {"a cut message behind a whole one", join(message(100, {}), cut), 1},
        {"half a header", Buffer(8), 0},
    };
    for (const Case& one : cases) {
      CAPTURE(one.name);
      FakeKernel kernel = announcer();
      Socket socket = kernel.connect();
      size_t found = 0;
      const auto count = [&](const Messages&) { ++found; };
      kernel.send(one.datagram);
      const auto damaged = socket.receive(count);
      CHECK(damaged.overrun);
      CHECK(damaged.more);
      CHECK(found == one.whole);
      kernel.send(message(102, {}));
      CHECK_FALSE(socket.receive(count).overrun);
      CHECK(found == one.whole + 1);
    }
  }
}

TEST_SUITE("a monitor") {
  TEST_CASE("tells what has happened to links and addresses, in order") {
    CHECK(taken(join(link(RTM_NEWLINK, 3), address(RTM_NEWADDR, 3), address(RTM_DELADDR, 2),
                     link(RTM_DELLINK, 4))) == "+link 3, +address 3, -address 2, -link 4");
    CHECK(taken(message(RTM_NEWROUTE, Buffer(12))).empty());
  }

  TEST_CASE("reports an overrun in the place of what it cannot read") {
    CHECK(taken(link(RTM_NEWLINK, 3, AF_UNSPEC, kLie)) == "overrun");
    CHECK(taken(link(RTM_DELLINK, 3, AF_UNSPEC, kLie)) == "overrun");
    CHECK(taken(address(RTM_NEWADDR, 3, kLie)) == "overrun");
    CHECK(taken(address(RTM_DELADDR, 3, kLie)) == "overrun");
    CHECK(taken(message(RTM_NEWLINK, {})) == "overrun");
    CHECK(taken(message(RTM_NEWADDR, Buffer(7))) == "overrun");
    CHECK(taken(join(link(RTM_NEWLINK, 3, AF_UNSPEC, kLie), link(RTM_NEWLINK, 4))) ==
          "+link 4, overrun");
    Buffer cut = link(RTM_NEWLINK, 5);
    cut.resize(cut.size() - 4);
    CHECK(taken(join(link(RTM_NEWLINK, 4), cut)) == "+link 4, overrun");
  }

  TEST_CASE("takes a link that leaves its bridge for no deleted one") {
    CHECK(taken(join(link(RTM_NEWLINK, 3, AF_BRIDGE), link(RTM_DELLINK, 3, AF_BRIDGE),
                     link(RTM_NEWLINK, 3))) == "+link 3");
  }
}
