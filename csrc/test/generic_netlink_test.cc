// Families of generic netlink, of the running kernel and of a fake one.
#include "netlink/generic.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <map>
#include <string>

#include "netlink/socket.h"
#include "os/error.h"
#include "os/namespace.h"
#include "test/fake_kernel.h"
#include "test/wire.h"

using netlink::Family;
using netlink::MessageBatch;
using netlink::Messages;
using netlink::ReplyKind;
using netlink::Socket;
using os::Error;
using test::FakeKernel;
using wire::Buffer;
using wire::join;
using wire::raw;

namespace {

// A kernel that replies to CTRL_CMD_GETFAMILY with these attributes.
FakeKernel::Behaviour replying(const Buffer& attributes) {
  return [attributes](const auto& request, const auto& reply) {
    reply(wire::data(request.messages[0].header, join(wire::hex("01 02 0000"), attributes)));
    reply(wire::error_reply(request.messages.back().header, 0));
  };
}

Buffer id(uint16_t number) { return wire::attribute(CTRL_ATTR_FAMILY_ID, raw(number)); }

Socket open_here() { return Socket::open(NETLINK_GENERIC, os::Namespace()); }

// Returns the call, errno and text of what the constructor throws.
std::string failure(Socket& socket, const std::string& name) {
  try {
    const Family family(socket, name, 1);
    return "none";
  } catch (const Error& error) {
    CHECK(std::string(error.what()).find(error.syscall()) != std::string::npos);
    return error.syscall() + ' ' + std::to_string(error.error()) + ' ' + error.text();
  }
}

}  // namespace

TEST_CASE("the running kernel's controller has its fixed id") {
  Socket socket = open_here();
  Family family(socket, "nlctrl", 2);
  CHECK(family.id() == GENL_ID_CTRL);
  CHECK_FALSE(family.refresh(socket));
  CHECK(family.id() == GENL_ID_CTRL);
}

TEST_CASE("a family that the running kernel lacks is ENOENT") {
  Socket socket = open_here();
  CHECK(failure(socket, "no_such_family") == "CTRL_CMD_GETFAMILY 2 ");
  CHECK(failure(socket, "nlctrl") == "none");
}

TEST_CASE("a family name that is too long is refused with the running kernel's message") {
  Socket socket = open_here();
  const std::string error = failure(socket, std::string(100, 'x'));
  CHECK(error.starts_with("CTRL_CMD_GETFAMILY "));
  CHECK(error.ends_with("Attribute failed policy validation"));
}

TEST_CASE("each family that the running kernel lists is found by its name") {
  Socket socket = open_here();
  std::map<std::string, uint16_t> families;
  MessageBatch request;
  request.begin(GENL_ID_CTRL, NLM_F_DUMP,
                genlmsghdr{.cmd = CTRL_CMD_GETFAMILY, .version = 1, .reserved = 0},
                ReplyKind::kDump);
  request.end();
  socket.dump(request, [&](const Messages& message) {
    std::string name;
    uint16_t number = 0;
    auto attributes = message.attributes(netlink::kGenericHeader);
    while (attributes.next()) {
      if (attributes.type() == CTRL_ATTR_FAMILY_NAME) name = attributes.string();
      if (attributes.type() == CTRL_ATTR_FAMILY_ID) number = attributes.number<uint16_t>();
    }
    CHECK_FALSE(attributes.malformed());
    families[name] = number;
  });
  REQUIRE(families.contains("nlctrl"));
  for (const auto& family : families) {
    CAPTURE(family.first);
    CHECK(Family(socket, family.first, 1).id() == family.second);
  }
}

TEST_CASE("a family is requested by its name") {
  FakeKernel kernel(replying(id(40)));
  Socket socket = kernel.connect();
  const Family family(socket, "IPVS", 1);
  CHECK(family.id() == 40);
  const auto requests = kernel.requests();
  REQUIRE(requests.size() == 1);
  const auto& [header, payload] = requests[0].messages.at(0);
  CHECK(header.nlmsg_type == GENL_ID_CTRL);
  CHECK(header.nlmsg_flags == NLM_F_REQUEST);
  CHECK(wire::to_hex(payload) ==
        wire::to_hex(join(wire::hex("03 01 0000"),
                          wire::attribute(CTRL_ATTR_FAMILY_NAME, wire::hex("49 50 56 53 00")))));
}

TEST_CASE("refresh() reports that a family has returned with another id") {
  std::atomic<uint16_t> number = 28;
  FakeKernel kernel([&](const auto& request, const auto& reply) {
    replying(join(wire::attribute(CTRL_ATTR_MAXATTR, raw(uint32_t{6})), id(number)))(request,
                                                                                     reply);
    number = 30;
  });
  Socket socket = kernel.connect();
  Family family(socket, "IPVS", 1);
  CHECK(family.id() == 28);
  CHECK(family.refresh(socket));
  CHECK(family.id() == 30);
  CHECK_FALSE(family.refresh(socket));
}

TEST_CASE("a family that has disappeared keeps its id") {
  std::atomic<bool> gone = false;
  FakeKernel kernel([&](const auto& request, const auto& reply) {
    if (!gone) return replying(id(28))(request, reply);
    reply(wire::error_reply(request.messages[0].header, ENOENT));
    reply(wire::error_reply(request.messages.back().header, 0));
  });
  Socket socket = kernel.connect();
  Family family(socket, "IPVS", 1);
  gone = true;
  CHECK_THROWS_AS(family.refresh(socket), Error);
  CHECK(family.id() == 28);
}

TEST_CASE("a reply without an id is EBADMSG") {
  for (const Buffer& attributes :
       {Buffer{}, wire::attribute(CTRL_ATTR_FAMILY_NAME, wire::hex("49 50 56 53 00")),
        wire::attribute(CTRL_ATTR_FAMILY_ID, wire::hex("01")), id(0), wire::hex("01")}) {
    FakeKernel kernel(replying(attributes));
    Socket socket = kernel.connect();
    CHECK(failure(socket, "IPVS").starts_with("CTRL_CMD_GETFAMILY 74 "));
  }
}

TEST_CASE("a missing reply is ETIMEDOUT") {
  FakeKernel kernel([](const auto&, const auto&) {});
  Socket socket = kernel.connect(std::chrono::milliseconds(50));
  CHECK(failure(socket, "IPVS") == "CTRL_CMD_GETFAMILY 110 ");
}

TEST_CASE("messages of a family have its id, its version and their command") {
  FakeKernel kernel(replying(id(0x0123)));
  Socket socket = kernel.connect();
  const Family family(socket, "IPVS", 9);
  MessageBatch batch;
  family.begin(batch, 17, NLM_F_DUMP, ReplyKind::kDump);
  batch.end();
  REQUIRE(batch.size() == 1);
  CHECK(batch.entries()[0].reply_kind == ReplyKind::kDump);
  Messages messages(batch.bytes());
  REQUIRE(messages.next());
  CHECK(messages.header().nlmsg_type == 0x0123);
  CHECK(messages.header().nlmsg_flags == (NLM_F_REQUEST | NLM_F_DUMP));
  CHECK(wire::to_hex(batch.bytes().subspan(sizeof(nlmsghdr))) == "11 09 00 00");
}
