#include "test/rtnl_replies.h"

#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <netinet/in.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "test/random.h"
#include "test/wire.h"

using netlink::Address;
using rtnl::AddressSettings;
using rtnl::Link;
using rtnl::LinkAddress;
using wire::attribute;
using wire::Buffer;
using wire::hex;
using wire::join;
using wire::raw;
using wire::text;

namespace test {
namespace {

Buffer in_any_order(Random& random, std::vector<Buffer>& attributes) {
  for (size_t count = random.below(4); count > 0; --count) {
    // Attributes that no kernel has yet.
    attributes.push_back(
        attribute(static_cast<uint16_t>(random.between(200, 300)), random.bytes(random.below(40))));
  }
  random.shuffle(attributes);
  Buffer all;
  for (const Buffer& each : attributes) all = join(all, each);
  return all;
}

// Returns a number that sometimes has bytes after it, and a string that sometimes lacks its NUL.
template <typename Number>
Buffer number(Random& random, Number value) {
  return random.chance(10) ? join(raw(value), random.bytes(random.below(9))) : raw(value);
}

Buffer string(Random& random, std::string_view value) {
  return random.chance(50) ? text(value) : terminated(value);
}

Address random_address(Random& random, uint16_t family) {
  Address address{};
  for (size_t i = 0; i < (family == AF_INET ? 4U : 16U); ++i) {
    address.at(i) = static_cast<uint8_t>(random.between(1, 255));
  }
  return address;
}

Buffer address_bytes(const Address& address, uint16_t family) {
  Buffer bytes = raw(address);
  if (family == AF_INET) bytes.resize(4);
  return bytes;
}

}  // namespace

Buffer link_header(uint32_t index, uint32_t flags, uint32_t change) {
  return join(hex("00 00 0000"), raw(index), raw(flags), raw(change));
}

Buffer address_header(uint8_t family, uint8_t prefix_length, uint8_t flags, uint8_t scope,
                      uint32_t index) {
  return join(raw(family), raw(prefix_length), raw(flags), raw(scope), raw(index));
}

Buffer terminated(std::string_view characters) { return join(text(characters), Buffer(1)); }

Buffer kind_nest(std::string_view kind) {
  return attribute(IFLA_LINKINFO | NLA_F_NESTED, attribute(IFLA_INFO_KIND, terminated(kind)));
}

Reply<Link> link_reply(Random& random) {
  Link link{};
  link.index = random.number<uint32_t>();
  link.flags = random.number<uint32_t>();
  std::vector<Buffer> attributes;
  if (random.chance(90)) {
    const std::string given = random.word(random.below(20));
    link.name.assign(given);
    attributes.push_back(attribute(IFLA_IFNAME, string(random, given)));
  }
  if (random.chance(90)) {
    link.mtu = random.number<uint32_t>();
    attributes.push_back(attribute(IFLA_MTU, number(random, link.mtu)));
  }
  if (random.chance(90)) {
    const auto state = random.number<uint8_t>();
    link.state = state;
    attributes.push_back(attribute(IFLA_OPERSTATE, number(random, state)));
  }
  if (random.chance(90)) {
    const Buffer bytes = random.bytes(random.below(40));
    link.hardware_length = static_cast<uint32_t>(std::min<size_t>(bytes.size(), 32));
    for (size_t i = 0; i < link.hardware_length; ++i) {
      link.hardware.at(i) = std::to_integer<uint8_t>(bytes[i]);
    }
    attributes.push_back(attribute(IFLA_ADDRESS, bytes));
  }
  if (random.chance(90)) {
    const std::string given = random.word(random.below(36));
    link.kind.assign(given);
    const Buffer kind = attribute(IFLA_INFO_KIND, string(random, given));
    const Buffer data = attribute(IFLA_INFO_DATA, random.bytes(random.below(20)));
    const uint16_t type = random.chance(50) ? IFLA_LINKINFO : IFLA_LINKINFO | NLA_F_NESTED;
    attributes.push_back(attribute(type, random.chance(50) ? join(kind, data) : join(data, kind)));
  }
  return {join(link_header(link.index, link.flags), in_any_order(random, attributes)), link};
}

Reply<LinkAddress> address_reply(Random& random) {
  LinkAddress found{};
  AddressSettings& settings = found.settings;
  found.index = random.number<uint32_t>();
  settings.family = random.chance(50) ? AF_INET : AF_INET6;
  settings.prefix_length = random.number<uint8_t>();
  settings.scope = random.number<uint8_t>();
  settings.flags = random.number<uint8_t>();
  const Buffer header = address_header(
      static_cast<uint8_t>(settings.family), static_cast<uint8_t>(settings.prefix_length),
      static_cast<uint8_t>(settings.flags), static_cast<uint8_t>(settings.scope), found.index);
  settings.preferred = settings.valid = AddressSettings::kForever;
  settings.address = random_address(random, settings.family);
  std::vector<Buffer> attributes;
  const Buffer own = address_bytes(settings.address, settings.family);
  switch (random.below(3)) {
    case 0:  // of IPv6, mostly
      attributes = {attribute(IFA_ADDRESS, own)};
      break;
    case 1:  // of IPv4, mostly
      attributes = {attribute(IFA_ADDRESS, own), attribute(IFA_LOCAL, own)};
      break;
    default:  // point to point
      settings.peer = random_address(random, settings.family);
      settings.peer[0] = static_cast<uint8_t>(settings.address[0] ^ 1);
      attributes = {attribute(IFA_ADDRESS, address_bytes(settings.peer, settings.family)),
                    attribute(IFA_LOCAL, own)};
      break;
  }
  if (random.chance(50)) {
    settings.broadcast = random_address(random, settings.family);
    attributes.push_back(
        attribute(IFA_BROADCAST, address_bytes(settings.broadcast, settings.family)));
  }
  if (random.chance(50)) {
    const std::string given = random.word(random.below(20));
    settings.label.assign(given);
    attributes.push_back(attribute(IFA_LABEL, string(random, given)));
  }
  if (random.chance(80)) {
    settings.flags = random.number<uint32_t>();
    attributes.push_back(attribute(IFA_FLAGS, number(random, settings.flags)));
  }
  if (random.chance(80)) {
    settings.preferred = random.number<uint32_t>();
    settings.valid = random.number<uint32_t>();
    const Buffer stamps = random.bytes(8);  // when it was made and changed
    attributes.push_back(
        attribute(IFA_CACHEINFO, join(raw(settings.preferred), raw(settings.valid), stamps)));
  }
  if (random.chance(50)) {
    settings.metric = random.number<uint32_t>();
    attributes.push_back(attribute(IFA_RT_PRIORITY, number(random, settings.metric)));
  }
  if (random.chance(50)) {
    settings.origin = random.number<uint8_t>();
    attributes.push_back(attribute(kOrigin, Buffer(1, static_cast<std::byte>(settings.origin))));
  }
  // The kernel does not report this of a permanent IPv4 address.
  const bool deprecated = (settings.flags & IFA_F_DEPRECATED) != 0;
  if (deprecated && settings.preferred == AddressSettings::kForever) settings.preferred = 0;
  return {join(header, in_any_order(random, attributes)), found};
}

}  // namespace test
