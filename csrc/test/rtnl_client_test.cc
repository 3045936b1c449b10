// A client of links: lists that other writers disturb, and changes without a reply.
#include "rtnl/client.h"

#include <doctest/doctest.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <string>

#include "test/fake_kernel.h"
#include "test/stopwatch.h"
#include "test/wire.h"

using rtnl::Operation;
using rtnl::Request;
using rtnl::Response;
using rtnl::Status;
using test::FakeKernel;
using wire::attribute;
using wire::Buffer;
using wire::join;
using wire::raw;

namespace {

constexpr uint32_t kItems = 3;

// A kernel with three links that have an address each. Its first lists, `interrupted` of them, are
// disturbed.
class FakeLinks {
 public:
  explicit FakeLinks(int interrupted) : interrupted_(interrupted) {}

  void operator()(const FakeKernel::Request& request, const FakeKernel::Reply& reply) {
    for (const auto& message : request.messages) {
      nlmsghdr header = message.header;
      const bool list = (header.nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;
      if (header.nlmsg_type == NLMSG_NOOP) {
        reply(wire::error_reply(header, 0));
      } else if (list) {
        reply_with_list(header, reply);
      } else {
        header.nlmsg_type = RTM_NEWLINK;
        reply(wire::data(header, link(1)));
      }
    }
  }

 private:
  static Buffer link(uint32_t index) {
    const std::string name = "vip" + std::to_string(index);
    return join(Buffer(4), raw(index), Buffer(8),
                attribute(IFLA_IFNAME, join(wire::text(name), Buffer(1))));
  }
  static Buffer address(uint32_t index) {
    return join(
        raw(uint8_t{AF_INET}), raw(uint8_t{32}), Buffer(2), raw(index),
        attribute(IFA_LOCAL, join(wire::hex("0a0000"), raw(static_cast<uint8_t>(index)))),
        attribute(IFA_ADDRESS, join(wire::hex("0a0000"), raw(static_cast<uint8_t>(index)))));
  }

  void reply_with_list(nlmsghdr header, const FakeKernel::Reply& reply) {
    const bool links = header.nlmsg_type == RTM_GETLINK;
    const bool disturbed = interrupted_-- > 0;
    header.nlmsg_flags = NLM_F_MULTI;
    header.nlmsg_type = links ? RTM_NEWLINK : RTM_NEWADDR;
    for (uint32_t i = 1; i <= kItems; ++i) {
      // Any item may be missing from a disturbed list.
      if (disturbed && i == 2) continue;
      reply(wire::message(header, links ? link(i) : address(i)));
    }
    header.nlmsg_type = NLMSG_DONE;
    if (disturbed) header.nlmsg_flags |= NLM_F_DUMP_INTR;
    reply(wire::message(header, raw(int32_t{0})));
  }

  int interrupted_;
};

struct Run {
  Response response;
  size_t lists = 0;

  Run(Operation operation, int interrupted, uint16_t family = AF_UNSPEC)
      : Run(operation, FakeLinks(interrupted), family) {}
  Run(Operation operation, const FakeKernel::Behaviour& behaviour, uint16_t family = AF_UNSPEC) {
    FakeKernel kernel(behaviour);
    rtnl::Client client(kernel.connect());
    Request request{};
    request.operation = static_cast<uint32_t>(operation);
    request.settings = Request::kPrune;
    request.family = family;
    if (operation == Operation::kPlanAddresses) request.link.index = 1;
    response = client.run({&request, 1}, {});
    for (const auto& each : kernel.requests()) {
      const bool list = (each.messages[0].header.nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;
      lists += list ? 1 : 0;
    }
  }

  Status status() const { return static_cast<Status>(response.results[0].status); }
  /// Returns how many objects the response has.
  size_t items(Operation operation) const {
    if (operation == Operation::kListLinks) return response.links.size();
    if (operation == Operation::kPlanAddresses) return response.changes.size();
    return response.addresses.size();
  }
};

constexpr Operation kLists[] = {Operation::kListLinks, Operation::kListAddresses,
                                Operation::kPlanAddresses};

// Returns the status of an ensure whose queries get replies, but whose change does not.
Status status_without_reply(Operation operation) {
  FakeKernel kernel([](const auto& request, const auto& reply) {
    const uint16_t type = request.messages[0].header.nlmsg_type;
    if (type == RTM_GETADDR) return FakeLinks(0)(request, reply);
    if (type != RTM_GETLINK) return;
    for (const auto& message : request.messages) {
      const bool sentinel = message.header.nlmsg_type == NLMSG_NOOP;
      reply(wire::error_reply(message.header, sentinel ? 0 : ENODEV));
    }
  });
  rtnl::Client client(kernel.connect(test::kShort));
  Request request{};
  request.operation = static_cast<uint32_t>(operation);
  request.link.name.assign("vip9");
  request.addresses = 1;
  if (operation == Operation::kEnsureAddress) request.link = {1, {}};
  rtnl::AddressSettings address{};
  address.address = {10, 0, 0, 9};
  address.family = AF_INET;
  address.prefix_length = 32;
  const Response response = client.run({&request, 1}, {&address, 1});
  CHECK(response.results[0].error == ETIMEDOUT);
  CHECK(response.results[0].created == 1);
  return static_cast<Status>(response.results[0].status);
}

}  // namespace

TEST_CASE("an ensure whose change gets no reply in time is lost: it may have made the change") {
  CHECK(status_without_reply(Operation::kEnsureDummy) == Status::kLost);
  CHECK(status_without_reply(Operation::kEnsureAddress) == Status::kLost);
}

TEST_CASE("an ensure whose address another writer adds first has changed nothing") {
  bool added = false;
  FakeKernel kernel([&](const auto& request, const auto& reply) {
    nlmsghdr header = request.messages[0].header;
    if (header.nlmsg_type == RTM_GETADDR && added) return FakeLinks(0)(request, reply);
    if (header.nlmsg_type == RTM_GETADDR) {
      header.nlmsg_flags = NLM_F_MULTI;
      header.nlmsg_type = NLMSG_DONE;
      return reply(wire::message(header, raw(int32_t{0})));
    }
    added = true;
    for (const auto& message : request.messages) {
      const bool sentinel = message.header.nlmsg_type == NLMSG_NOOP;
      reply(wire::error_reply(message.header, sentinel ? 0 : EEXIST));
    }
  });
  rtnl::Client client(kernel.connect());
  Request request{};
  request.operation = static_cast<uint32_t>(Operation::kEnsureAddress);
  request.link = {1, {}};
  request.addresses = 1;
  rtnl::AddressSettings address{};
  address.address = {10, 0, 0, 1};
  address.family = AF_INET;
  address.prefix_length = 32;
  const Response response = client.run({&request, 1}, {&address, 1});
  CHECK(static_cast<Status>(response.results[0].status) == Status::kDone);
  CHECK(response.results[0].created == 0);
  CHECK(response.results[0].changed == 0);
}

TEST_CASE("a disturbed list is read again until it is complete") {
  for (const Operation operation : kLists) {
    for (int interrupted = 0; interrupted < 5; ++interrupted) {
      CAPTURE(static_cast<uint32_t>(operation));
      CAPTURE(interrupted);
      const Run run(operation, interrupted);
      CHECK(run.status() == Status::kDone);
      CHECK(run.items(operation) == kItems);
      // The list of all addresses needs the list of links for their names.
      const size_t others = operation == Operation::kListAddresses ? 1 : 0;
      CHECK(run.lists == static_cast<size_t>(interrupted) + 1 + others);
    }
  }
}

TEST_CASE("a list of a family has no addresses of another, which a kernel without it lists") {
  for (const Operation operation : {Operation::kListAddresses, Operation::kPlanAddresses}) {
    CAPTURE(static_cast<uint32_t>(operation));
    const Run without(operation, 0, AF_INET6);
    CHECK(without.status() == Status::kDone);
    CHECK(without.items(operation) == 0);
    CHECK(Run(operation, 0, AF_INET).items(operation) == kItems);
  }
}

TEST_CASE("a list with a malformed address is lost, unless that is of another family than IP") {
  for (const Operation operation : {Operation::kListAddresses, Operation::kPlanAddresses}) {
    for (const uint8_t family : {AF_INET, AF_INET6, AF_PHONET}) {
      CAPTURE(static_cast<uint32_t>(operation));
      CAPTURE(family);
      const Run run(operation, [family](const auto& request, const auto& reply) {
        nlmsghdr header = request.messages[0].header;
        if (header.nlmsg_type == RTM_GETADDR) {
          header.nlmsg_type = RTM_NEWADDR;
          header.nlmsg_flags = NLM_F_MULTI;
          const Buffer half_an_attribute(2);
          reply(wire::message(header, join(raw(family), Buffer(7), half_an_attribute)));
        }
        FakeLinks(0)(request, reply);
      });
      const bool is_lost = family != AF_PHONET;
      CHECK(run.status() == (is_lost ? Status::kLost : Status::kDone));
      CHECK(run.response.results[0].error == (is_lost ? EBADMSG : 0));
      CHECK(run.items(operation) == (is_lost ? 0 : kItems));
    }
  }
}

TEST_CASE("a list of a link is lost if the kernel executes the query of the link without a reply") {
  FakeKernel kernel([](const auto& request, const auto& reply) {
    for (const auto& message : request.messages) {
      if (message.header.nlmsg_type == NLMSG_NOOP) reply(wire::error_reply(message.header, 0));
    }
  });
  rtnl::Client client(kernel.connect());
  for (const Operation operation : {Operation::kListAddresses, Operation::kPlanAddresses}) {
    CAPTURE(static_cast<uint32_t>(operation));
    Request request{};
    request.operation = static_cast<uint32_t>(operation);
    request.link.name.assign("vip1");
    const Response response = client.run({&request, 1}, {});
    CHECK(static_cast<Status>(response.results[0].status) == Status::kLost);
    CHECK(response.results[0].error == ENODATA);
  }
}

TEST_CASE("a list that is disturbed every time is lost, and not returned as complete") {
  for (const Operation operation : kLists) {
    CAPTURE(static_cast<uint32_t>(operation));
    const Run run(operation, 100);
    CHECK(run.status() == Status::kLost);
    CHECK(run.response.results[0].error == EINTR);
    CHECK(run.response.results[0].links == 0);
    CHECK(run.response.results[0].addresses == 0);
    CHECK(run.response.results[0].changes == 0);
    CHECK(run.lists == 5);
  }
}
