// Probes of modules, on kernels with and without IPv6.
#include "ipvs/module_probe.h"

#include <doctest/doctest.h>
#include <linux/genetlink.h>
#include <linux/ip_vs.h>
#include <linux/netlink.h>
#include <netinet/in.h>

#include <cerrno>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "ipvs/codec.h"
#include "ipvs/module_loader.h"
#include "netlink/generic.h"
#include "test/fake_kernel.h"
#include "test/wire.h"

using ipvs::ProbeResult;
using ipvs::Service;
using test::FakeKernel;

namespace {

constexpr uint16_t kFamilyId = 30;

// A kernel that has the scheduler rr and the engine sip, and looks for them as Linux does.
struct FakeModules {
  bool has_ipv6;
  std::vector<std::string> looked_for;
  int created = 0;

  FakeKernel::Behaviour behaviour() {
    return [this](const auto& request, const auto& reply) {
      for (const auto& message : request.messages) answer(message, reply);
    };
  }

 private:
  void answer(const FakeKernel::Message& message, const FakeKernel::Reply& reply) {
    const nlmsghdr& header = message.header;
    if (header.nlmsg_type == NLMSG_NOOP) return reply(wire::error_reply(header, 0));
    if (header.nlmsg_type == GENL_ID_CTRL) {
      return reply(wire::data(
          header, wire::join(wire::Buffer(sizeof(genlmsghdr)),
                             wire::attribute(CTRL_ATTR_FAMILY_ID, wire::raw(kFamilyId)))));
    }
    const netlink::Attributes attributes(
        netlink::Bytes(message.payload).subspan(sizeof(genlmsghdr)));
    const auto service = ipvs::read_service(attributes);
    REQUIRE(service);
    const int error = add(service->service);
    if (error != 0) reply(wire::error_reply(header, error));
  }

  int add(const Service& service) {
    const bool is_ipv6 = service.key.family == AF_INET6;
    if (is_ipv6 && !has_ipv6) return EAFNOSUPPORT;
    if (!has(service.scheduler.view(), "rr")) return ENOENT;
    if (!service.engine.view().empty() && !has(service.engine.view(), "sip")) return ENOENT;
    if (is_ipv6 && service.netmask == 0) return EINVAL;
    ++created;
    return 0;
  }

  bool has(std::string_view name, std::string_view present) {
    looked_for.emplace_back(name);
    return name == present;
  }
};

ProbeResult probe(FakeModules& modules, std::string_view scheduler, std::string_view engine = "") {
  modules.looked_for.clear();
  FakeKernel kernel(modules.behaviour());
  netlink::Socket socket = kernel.connect();
  Service wanted{};
  wanted.key.family = AF_INET;
  wanted.key.protocol = IPPROTO_TCP;
  wanted.scheduler.assign(scheduler);
  wanted.engine.assign(engine);
  const ProbeResult result = request_modules(socket, wanted);
  CHECK(modules.created == 0);
  return result;
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("a probe makes the kernel look for the scheduler and the engine, and creates nothing") {
  FakeModules modules{.has_ipv6 = true, .looked_for = {}};
  CHECK(probe(modules, "rr") == ProbeResult::kPresent);
  CHECK((modules.looked_for == Names{"rr"}));
  CHECK(probe(modules, "rr", "sip") == ProbeResult::kPresent);
  CHECK((modules.looked_for == Names{"rr", "sip"}));
  CHECK(probe(modules, "absent") == ProbeResult::kAbsent);
  CHECK(probe(modules, "rr", "absent") == ProbeResult::kAbsent);
}

TEST_CASE("a probe makes a kernel without IPv6 look for the scheduler, and creates nothing") {
  FakeModules modules{.has_ipv6 = false, .looked_for = {}};
  if (ipvs::module_loader::is_loaded("ip_vs_rr")) return;
  CHECK(probe(modules, "rr") == ProbeResult::kUnknown);
  CHECK((modules.looked_for == Names{"rr", "no-such-engine"}));
  CHECK(probe(modules, "rr", "sip") == ProbeResult::kUnknown);
  CHECK((modules.looked_for == Names{"rr", "no-such-engine"}));
  CHECK(probe(modules, "absent") == ProbeResult::kUnknown);
  CHECK((modules.looked_for == Names{"absent"}));
  // Nothing is looked for where the kernel has it: the engine that cannot exist costs a modprobe.
  CHECK(probe(modules, "none") == ProbeResult::kPresent);
  CHECK(modules.looked_for.empty());
}
