#include "binding/clients.h"

#include <cerrno>
#include <utility>

#include "os/error.h"

namespace binding {

void Clients::open(Netns netns, std::optional<ipvs::Client> ipvs,
                   std::optional<rtnl::Client> links) {
  counters_.with([&](Counters& counters) {
    counters = {ipvs ? ipvs->recoveries() : nullptr, links ? links->recoveries() : nullptr};
  });
  ipvs_.with([&](auto& client) { client = std::move(ipvs); });
  links_.with([&](auto& client) { client = std::move(links); });
  netns_.with([&](Netns& own) { own = std::move(netns); });
}

Clients::Netns Clients::netns() {
  return netns_.with([](const Netns& own) {
    if (!own) throw os::Error(EBADF, "open", "the handle is not open");
    return own;
  });
}

ipvs::Response Clients::run(std::span<const ipvs::Request> requests, bool stop_on_error,
                            ipvs::Response reuse) {
  return with_ipvs([&](ipvs::Client& client) {
    return stop_on_error ? client.run_until_failure(requests, std::move(reuse))
                         : client.run(requests, std::move(reuse));
  });
}

rtnl::Response Clients::run_links(std::span<const rtnl::Request> requests,
                                  std::span<const rtnl::AddressSettings> addresses) {
  return links_.with([&](auto& client) {
    if (!client) {
      client.emplace(*netns());
      counters_.with([&](Counters& counters) { counters.links = client->recoveries(); });
    }
    return client->run(requests, addresses);
  });
}

std::shared_ptr<const netlink::Recoveries> Clients::recoveries(bool links) {
  return counters_.with(
      [&](const Counters& counters) { return links ? counters.links : counters.ipvs; });
}

void Clients::close() {
  // First, so that no call connects the links again.
  netns_.with([](Netns& own) { own.reset(); });
  ipvs_.with([](auto& client) { client.reset(); });
  links_.with([](auto& client) { client.reset(); });
}

}  // namespace binding
