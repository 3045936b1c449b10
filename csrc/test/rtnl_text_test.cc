// Addresses of links as text. The unit tests of lib/links check that JavaScript parses them alike.
#include "rtnl/text.h"

#include <doctest/doctest.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>

#include <string>
#include <string_view>

#include "netlink/record.h"
#include "test/random.h"

using netlink::Address;
using netlink::same;
using rtnl::AddressSettings;
using rtnl::parse_address;
using test::Random;

namespace {

AddressSettings ipv4(const Address& address, uint16_t prefix_length) {
  AddressSettings settings{};
  settings.address = address;
  settings.family = AF_INET;
  settings.prefix_length = prefix_length;
  return settings;
}

AddressSettings ipv6(const Address& address, uint16_t prefix_length) {
  AddressSettings settings = ipv4(address, prefix_length);
  settings.family = AF_INET6;
  settings.flags = IFA_F_NODAD | IFA_F_NOPREFIXROUTE;
  return settings;
}

bool reads(std::string_view text, const AddressSettings& expected) {
  const auto address = parse_address(text);
  return address && same(*address, expected);
}

}  // namespace

TEST_CASE("an address is parsed with its prefix length, or with all bits") {
  CHECK(reads("10.96.0.1/32", ipv4({10, 96, 0, 1}, 32)));
  CHECK(reads("10.96.0.1", ipv4({10, 96, 0, 1}, 32)));
  CHECK(reads("10.96.0.1/0", ipv4({10, 96, 0, 1}, 0)));
  CHECK(reads("255.255.255.255/24", ipv4({255, 255, 255, 255}, 24)));
  CHECK(reads("::", ipv6({}, 128)));
  CHECK(reads("fd00::1/64", ipv6({0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 64)));
  Address ones{};
  ones.fill(0xff);
  const std::string longest = "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255/128";
  CHECK(longest.size() == rtnl::kAddressText);
  CHECK(reads(longest, ipv6(ones, 128)));
}

TEST_CASE("only IPv4 addresses of 127.0.0.0/8 get host scope") {
  const auto scope_of = [](std::string_view text) { return parse_address(text).value().scope; };
  for (const char* text : {"127.0.0.0/8", "127.0.0.2", "127.255.255.255/32"}) {
    CAPTURE(text);
    CHECK(scope_of(text) == RT_SCOPE_HOST);
  }
  for (const char* text : {"126.255.255.255", "128.0.0.0", "169.254.1.1/16", "::1", "7f00::1"}) {
    CAPTURE(text);
    CHECK(scope_of(text) == RT_SCOPE_UNIVERSE);
  }
}

TEST_CASE("text that is not an address is rejected") {
  using namespace std::string_view_literals;
  for (const std::string_view text : {""sv,
                                      "/"sv,
                                      "/24"sv,
                                      "10.0.0.1/"sv,
                                      "10.0.0.1/33"sv,
                                      "10.0.0.1/-1"sv,
                                      "10.0.0.1/+1"sv,
                                      "10.0.0.1/024"sv,
                                      "10.0.0.1/00"sv,
                                      "10.0.0.1/24 "sv,
                                      " 10.0.0.1"sv,
                                      "10.0.0.1/24/24"sv,
                                      "10.0.0.1/99999999999"sv,
                                      "10.0.0.1\0"sv,
                                      "10.0.0.1\0/24"sv,
                                      "10.0.0.1/2\0"sv,
                                      "10.0.0"sv,
                                      "010.0.0.1"sv,
                                      "::/129"sv,
                                      "fe80::1%eth0"sv,
                                      "1:2:3:4:5:6:7:8:9"sv,
                                      "ipvs0"sv}) {
    CAPTURE(text);
    CHECK_FALSE(parse_address(text).has_value());
  }
  CHECK_FALSE(parse_address(std::string(1000, '1')).has_value());
}

TEST_CASE("any text made of characters of addresses is read within its bounds") {
  constexpr std::string_view kLetters = "0123456789abcdef.:/:.";
  Random random;
  for (int round = 0; round < 100'000; ++round) {
    std::string text;
    for (size_t length = random.below(60); length > 0; --length) {
      text += kLetters[random.below(kLetters.size())];
    }
    const auto address = parse_address(text);
    if (!address) continue;
    CAPTURE(text);
    REQUIRE(address->prefix_length <= (address->family == AF_INET ? 32 : 128));
  }
}
