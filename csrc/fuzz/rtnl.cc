// The decoders of rtnetlink, on any datagram: objects are as types.h promises and do not depend on
// unknown attributes, and an encoded address decodes to the same address.
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <vector>

#include "fuzz/fuzz.h"
#include "rtnl/codec.h"

using fuzz::expect;
using netlink::Address;
using netlink::Bytes;
using netlink::MessageBatch;
using netlink::Messages;
using netlink::same;

namespace {

constexpr uint16_t kUnknown = 0x3fff;  // an attribute

template <size_t Size>
void check_name(const netlink::Name<Size>& name) {
  netlink::Name<Size> again{};
  again.assign(name.view());
  expect(same(again, name), "a name is padded with NULs");
}

void check_link(const rtnl::Link& link) {
  check_name(link.name);
  check_name(link.kind);
  expect(link.hardware_length <= link.hardware.size(), "a hardware address has its bounds");
  expect(link.state <= UINT8_MAX, "a state is a byte");
}

// Returns what decodes from an encoded address: no lifetimes, because none were asked for, but for
// a deprecated address, of which the flag says that no preferred time is left.
rtnl::LinkAddress as_written(const rtnl::LinkAddress& address) {
  rtnl::LinkAddress expected = address;
  rtnl::AddressSettings& settings = expected.settings;
  settings.preferred = settings.valid = rtnl::AddressSettings::kForever;
  if ((settings.flags & IFA_F_DEPRECATED) != 0) settings.preferred = 0;
  if (settings.family == AF_INET) {
    for (Address* each : {&settings.address, &settings.peer, &settings.broadcast}) {
      std::fill(each->begin() + 4, each->end(), uint8_t{0});
    }
  }
  if (same(settings.address, settings.peer)) settings.peer = {};
  return expected;
}

void check_address(const rtnl::LinkAddress& address) {
  const rtnl::AddressSettings& settings = address.settings;
  check_name(settings.label);
  expect(settings.family == AF_INET || settings.family == AF_INET6, "an address is one of IP");
  expect(settings.change == 0 && same(address.link, {}), "fields without an attribute are zero");
  // A peer of zeros is the same as no peer.
  const rtnl::LinkAddress expected = as_written(address);
  if (!same(settings.peer, Address{}) && same(expected.settings.peer, Address{})) return;
  MessageBatch batch;
  rtnl::put_new_address(batch, expected.index, expected.settings);
  Messages messages(batch.bytes());
  expect(messages.next(), "what is encoded is well-formed");
  const auto again = rtnl::read_address(messages);
  expect(again && same(*again, expected), "an address decodes as it was encoded");
}

// Checks that an unknown attribute after the header changes nothing.
template <typename Header, typename Object, typename Read>
void check_surroundings(Bytes payload, const Object& object, Read read) {
  Header header;
  std::memcpy(&header, payload.data(), sizeof header);
  MessageBatch batch;
  batch.begin(1, 0, header, netlink::ReplyKind::kErrorOnly);
  batch.put(kUnknown, uint16_t{7});
  batch.end();
  const auto prefix = batch.bytes();
  std::vector<std::byte> longer(prefix.begin(), prefix.end());
  const Bytes rest = payload.subspan(sizeof header);
  longer.insert(longer.end(), rest.begin(), rest.end());
  const auto length = static_cast<uint32_t>(longer.size());
  std::memcpy(longer.data(), &length, sizeof length);
  Messages messages(longer);
  expect(messages.next(), "what is encoded is well-formed");
  const std::optional<Object> again = read(messages);
  expect(again && same(*again, object), "unknown attributes change nothing");
}

template <typename Header, typename Read, typename Check>
void check_object(const Messages& message, Read read, Check check) {
  const auto object = read(message);
  if (!object) return;
  check(*object);
  check_surroundings<Header>(message.payload(), *object, read);
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Messages messages(fuzz::bytes_of(data, size));
  while (messages.next()) {
    check_object<ifinfomsg>(messages, rtnl::read_link, check_link);
    check_object<ifaddrmsg>(messages, rtnl::read_address, check_address);
  }
  return 0;
}
