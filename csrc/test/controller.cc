#include "test/controller.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <string_view>
#include <vector>

#include "netlink/generic.h"
#include "netlink/socket.h"
#include "os/descriptor.h"
#include "os/namespace.h"
#include "test/failures.h"
#include "test/random.h"

using netlink::Failure;
using netlink::MessageBatch;
using netlink::Messages;
using netlink::ReplyKind;
using netlink::Socket;
using netlink::Status;
using os::Descriptor;

namespace test {

Socket open_controller() { return Socket::open(NETLINK_GENERIC, os::Namespace(), kDeadline); }

Descriptor open_descriptor() {
  Descriptor descriptor(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC));
  REQUIRE(descriptor);
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  REQUIRE(::bind(descriptor.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  return descriptor;
}

void add_query(MessageBatch& batch, std::string_view family) {
  batch.begin(GENL_ID_CTRL, 0, genlmsghdr{.cmd = CTRL_CMD_GETFAMILY, .version = 1, .reserved = 0},
              ReplyKind::kData);
  batch.put_string(CTRL_ATTR_FAMILY_NAME, family);
  batch.end();
}

void add_unknown(MessageBatch& batch) {
  batch.begin(GENL_ID_CTRL, 0, genlmsghdr{.cmd = 200, .version = 1, .reserved = 0},
              ReplyKind::kErrorOnly);
  batch.end();
}

void add_familyless(MessageBatch& batch) {
  batch.begin(0xfff0, 0, genlmsghdr{.cmd = 1, .version = 1, .reserved = 0}, ReplyKind::kErrorOnly);
  batch.end();
}

void add_nothing(MessageBatch& batch) {
  batch.begin(NLMSG_NOOP, 0, genlmsghdr{}, ReplyKind::kErrorOnly);
  batch.end();
}

std::string name_of(const Messages& message) {
  auto attributes = message.attributes(netlink::kGenericHeader);
  while (attributes.next()) {
    if (attributes.type() == CTRL_ATTR_FAMILY_NAME) return std::string(attributes.string());
  }
  return {};
}

std::vector<std::string> list_families(Socket& socket) {
  std::vector<std::string> names;
  MessageBatch request;
  request.begin(GENL_ID_CTRL, NLM_F_DUMP,
                genlmsghdr{.cmd = CTRL_CMD_GETFAMILY, .version = 1, .reserved = 0},
                ReplyKind::kDump);
  request.end();
  const auto end =
      socket.dump(request, [&](const Messages& message) { names.push_back(name_of(message)); });
  CHECK_FALSE(end.interrupted);
  CHECK(end.datagrams >= 1);
  CHECK(std::count(names.begin(), names.end(), "nlctrl") == 1);
  return names;
}

ControllerBatch::ControllerBatch(Random& random, size_t messages) {
  for (size_t i = 0; i < messages; ++i) {
    switch (random.below(5)) {
      case 0:
        add_query(batch, "nlctrl");
        errors.emplace_back();
        break;
      case 1:
        add_query(batch, "no_such_" + random.word(4));
        errors.emplace_back(ENOENT);
        break;
      case 2:
        add_unknown(batch);
        errors.emplace_back(EOPNOTSUPP);
        break;
      case 3:
        add_familyless(batch);
        errors.emplace_back(ENOENT);
        break;
      default:
        add_nothing(batch);
        errors.emplace_back(0);
        break;
    }
  }
}

void ControllerBatch::check(Socket& socket) {
  std::vector<size_t> replies(errors.size());
  const auto failures = socket.run(batch, [&](size_t index, const Messages& message) {
    ++replies[index];
    CHECK(name_of(message) == "nlctrl");
  });
  std::vector<Failure> expected;
  for (size_t i = 0; i < errors.size(); ++i) {
    CHECK(replies[i] == (errors[i] ? 0 : 1));
    if (errors[i].value_or(0) != 0) expected.push_back({i, *errors[i], Status::kRefused, {}});
  }
  REQUIRE(to_text(failures) == to_text(expected));
}

}  // namespace test
