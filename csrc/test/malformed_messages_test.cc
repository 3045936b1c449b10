// Malformed messages: no byte outside is read, which AddressSanitizer checks, and the message is
// reported as malformed, which a comparison with a reference parser checks.
#include <doctest/doctest.h>
#include <linux/netlink.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "ipvs/codec.h"
#include "netlink/message.h"
#include "test/ipvs_replies.h"
#include "test/mutations.h"
#include "test/random.h"
#include "test/reference_parser.h"
#include "test/wire.h"

using netlink::Attributes;
using netlink::Bytes;
using netlink::Messages;
using test::Item;
using test::Items;
using test::kMutations;
using test::mutate;
using test::Random;
using test::split_attributes;
using test::split_messages;
using wire::attribute;
using wire::Buffer;
using wire::Exact;
using wire::join;

namespace {

// Returns true if the bytes are well-formed attributes, one of which has the type.
bool holds(Bytes bytes, uint16_t type) {
  const Items items = split_attributes(bytes);
  return !items.malformed &&
         std::any_of(items.items.begin(), items.items.end(),
                     [&](const Item& item) { return (item.type & 0x3fff) == type; });
}

bool same(Bytes a, Bytes b) { return a.data() == b.data() && a.size() == b.size(); }

// A faster CHECK, because the tests make millions.
void expect(bool right, const char* what, Bytes bytes) {
  if (!right) FAIL(what << " in " << wire::to_hex(bytes));
}

// Reads the current attribute in every way.
void check_payload(const Attributes& at, Bytes payload) {
  expect(at.string().size() <= payload.size(), "a string is within its attribute", payload);

  Attributes reader = at;
  const bool too_short = payload.size() < sizeof(uint64_t);
  const auto number = reader.number<uint64_t>();
  expect(!too_short || number == 0, "a number that is too short is zero", payload);
  expect(reader.malformed() == too_short, "only a number that is too short is malformed", payload);
  expect(!too_short || !reader.next(), "nothing follows a malformed attribute", payload);

  reader = at;
  std::array<std::byte, 16> target{};
  reader.copy(target);
  expect(reader.malformed() == (payload.size() > target.size()), "only too long is malformed",
         payload);

  reader = at;
  reader.nested([](Attributes& inner) {
    while (inner.next()) continue;
  });
  expect(reader.malformed() == split_attributes(payload).malformed, "a malformed nest is malformed",
         payload);
}

// Compares the parser with split_attributes().
void check_attributes(Bytes bytes, int depth) {
  const Items expected = split_attributes(bytes);
  Attributes attributes(bytes);
  size_t seen = 0;
  while (attributes.next()) {
    expect(seen < expected.items.size(), "no more attributes than there are", bytes);
    const auto& [type, payload] = expected.items[seen++];
    expect(attributes.type() == (type & 0x3fff), "the type", bytes);
    expect(same(attributes.payload(), payload), "the payload", bytes);
    check_payload(attributes, payload);
    if (depth > 0) check_attributes(payload, depth - 1);
  }
  expect(seen == expected.items.size(), "all attributes", bytes);
  expect(attributes.malformed() == expected.malformed, "malformed as the reference parser says",
         bytes);
  expect(!attributes.next() && attributes.payload().empty(), "nothing after the end", bytes);
}

// Compares the parser with split_messages().
void check_messages(Bytes bytes) {
  const Items expected = split_messages(bytes);
  Messages messages(bytes);
  size_t seen = 0;
  while (messages.next()) {
    expect(seen < expected.items.size(), "no more messages than there are", bytes);
    const auto& [type, payload] = expected.items[seen++];
    expect(messages.header().nlmsg_type == type, "the type", bytes);
    expect(same(messages.payload(), payload), "the payload", bytes);
    (void)netlink::read_error_reply(messages);
    for (const size_t header : {0U, 1U, 4U, 16U}) {
      const size_t skipped = (header + 3) / 4 * 4;
      Attributes attributes = messages.attributes(header);
      if (payload.size() < skipped) {
        expect(!attributes.next() && attributes.malformed(), "too short for its header", bytes);
      } else {
        const Bytes rest = payload.subspan(skipped);
        attributes.next();
        const Items items = split_attributes(rest);
        expect(items.items.empty() || same(attributes.payload(), items.items[0].payload),
               "what follows the header", bytes);
      }
    }
    if (payload.size() >= 4) check_attributes(payload.subspan(4), 2);
    (void)ipvs::read_service(messages.attributes(4));
    (void)ipvs::read_destination(messages.attributes(4), 2);
    (void)ipvs::read_daemon(messages.attributes(4));
    (void)ipvs::read_timeouts(messages.attributes(4));
    (void)ipvs::read_info(messages.attributes(4));
  }
  expect(seen == expected.items.size(), "all messages", bytes);
  expect(messages.malformed() == expected.malformed, "malformed as the reference parser says",
         bytes);
  expect(!messages.next() && messages.payload().empty(), "nothing after the end", bytes);
}

Buffer random_object(Random& random) {
  switch (random.below(5)) {
    case 0:
      return test::daemon_reply(random).payload;
    case 1:
    case 2:
      return test::service_reply(random).payload;
    default:
      return test::destination_reply(random).payload;
  }
}

// Returns a datagram as the kernel sends it.
Buffer random_datagram(Random& random) {
  const nlmsghdr header{
      .nlmsg_len = 0, .nlmsg_type = 30, .nlmsg_flags = 0, .nlmsg_seq = 1, .nlmsg_pid = 2};
  Buffer datagram;
  for (size_t count = random.between(1, 3); count > 0; --count) {
    datagram = join(datagram, random.chance(25)
                                  ? wire::error_reply(header, EINVAL, random.word(random.below(30)))
                                  : wire::data(header, random_object(random)));
  }
  return datagram;
}

}  // namespace

TEST_CASE("a datagram cut anywhere is malformed") {
  Random random;
  for (int round = 0; round < 20; ++round) {
    const nlmsghdr header{};
    const Buffer whole = wire::data(header, test::service_reply(random).payload);
    for (size_t length = 0; length <= whole.size(); ++length) {
      const Exact cut(Bytes(whole).first(length));
      check_messages(cut);
      Messages messages(cut);
      CHECK(messages.next() == (length == whole.size()));
      // The kernel pads its messages, so only nothing and everything is well-formed.
      CHECK(messages.malformed() == (length > 0 && length < whole.size()));
    }
  }
}

TEST_CASE("a message with cut attributes decodes to an object only if the object is whole") {
  Random random;
  for (int round = 0; round < 20; ++round) {
    for (const bool service : {true, false}) {
      const Buffer reply =
          service ? test::service_reply(random).payload : test::destination_reply(random).payload;
      for (size_t length = 0; length <= reply.size(); ++length) {
        // The length of the message is right; only the attributes are cut.
        const Buffer cut(reply.begin(), reply.begin() + static_cast<ptrdiff_t>(length));
        const Exact datagram(wire::bare_message({}, cut));
        Messages messages(datagram);
        REQUIRE(messages.next());
        const Attributes attributes = messages.attributes(4);
        const bool whole = length > 4 && holds(Bytes(cut).subspan(4), service ? 1 : 2);
        CAPTURE(length);
        CHECK((service ? ipvs::read_service(attributes).has_value()
                       : ipvs::read_destination(attributes, 2).has_value()) == whole);
      }
    }
  }
}

TEST_CASE("a nest that ends within an attribute decodes to no object") {
  Random random;
  for (int round = 0; round < 20; ++round) {
    const Buffer reply = test::service_reply(random).payload;
    Bytes inside;
    for (const auto& [type, payload] : split_attributes(Bytes(reply).subspan(4)).items) {
      if ((type & 0x3fff) == 1) inside = payload;
    }
    REQUIRE_FALSE(inside.empty());
    for (size_t length = 0; length <= inside.size(); ++length) {
      const Bytes cut = inside.first(length);
      const Exact nest(wire::bare_attribute(1, {cut.begin(), cut.end()}));
      CAPTURE(length);
      CHECK(ipvs::read_service(Attributes(nest)).has_value() == !split_attributes(cut).malformed);
    }
  }
}

TEST_CASE("wrong lengths are malformed") {
  for (const uint16_t length : {0, 1, 2, 3, 9, 10, 4000, 65535}) {
    CAPTURE(length);
    Buffer bytes = wire::bare_attribute(1, wire::hex("01 02 03 04"));
    std::memcpy(bytes.data(), &length, sizeof length);
    const Exact exact(bytes);
    Attributes attributes(exact);
    CHECK_FALSE(attributes.next());
    CHECK(attributes.malformed());
    check_attributes(exact, 1);
  }
  for (const uint32_t length : {0U, 1U, 15U, 21U, 4000U, 0x7fffffffU, 0xffffffffU}) {
    CAPTURE(length);
    Buffer bytes = wire::message({}, wire::hex("01 02 03 04"));
    std::memcpy(bytes.data(), &length, sizeof length);
    const Exact exact(bytes);
    Messages messages(exact);
    CHECK_FALSE(messages.next());
    CHECK(messages.malformed());
    check_messages(exact);
  }
}

TEST_CASE("nothing is read after a malformed attribute") {
  const Exact bytes(
      join(attribute(1, wire::hex("01")), attribute(2, wire::hex("02")), attribute(3, {})));
  Attributes attributes(bytes);
  REQUIRE(attributes.next());
  CHECK(attributes.number<uint32_t>() == 0);
  CHECK(attributes.malformed());
  CHECK_FALSE(attributes.next());
  CHECK(attributes.type() == 0);
  CHECK(attributes.payload().empty());
  CHECK(attributes.malformed());
}

TEST_CASE("a mutated datagram is read as the format says, or is malformed") {
  Random random;
  int malformed = 0;
  Buffer datagram;
  for (int round = 0; round < kMutations; ++round) {
    if (round % 50 == 0) datagram = random_datagram(random);
    Buffer mutated = datagram;
    mutate(mutated, random);
    const Exact exact(mutated);
    check_messages(exact);
    malformed += split_messages(exact).malformed ? 1 : 0;
  }
  // Otherwise the mutations are too weak or too strong.
  CHECK(malformed > kMutations / 10);
  CHECK(malformed < kMutations / 10 * 9);
}

TEST_CASE("a mutated object decodes to an object only if it is whole") {
  Random random;
  int read = 0;
  Buffer object;
  for (int round = 0; round < kMutations; ++round) {
    if (round % 20 == 0) object = random_object(random);
    Buffer nest(object.begin() + 4, object.end());  // without the family header
    mutate(nest, random);
    const Exact exact(nest);
    const bool service = ipvs::read_service(Attributes(exact)).has_value();
    const bool destination = ipvs::read_destination(Attributes(exact), 10).has_value();
    const bool daemon = ipvs::read_daemon(Attributes(exact)).has_value();
    (void)ipvs::read_info(Attributes(exact));
    (void)ipvs::read_timeouts(Attributes(exact));
    expect(!service || holds(exact, 1), "a service only where there is one", exact);
    expect(!destination || holds(exact, 2), "a destination only where there is one", exact);
    expect(!daemon || holds(exact, 3), "a daemon only where there is one", exact);
    read += service || destination || daemon ? 1 : 0;
  }
  CHECK(read > kMutations / 10);
  CHECK(read < kMutations / 10 * 9);
}

TEST_CASE("random bytes are read as the format says, at any depth") {
  Random random;
  for (int round = 0; round < 20'000; ++round) {
    Buffer garbage = random.bytes(random.below(200));
    // Small lengths make it likely that more than the first attribute is read.
    for (size_t at = 0; at + 1 < garbage.size(); at += 4) {
      if (random.chance(70)) garbage[at + 1] = std::byte{0};
      if (random.chance(70)) garbage[at] &= std::byte{31};
    }
    check_attributes(Exact(garbage), 4);
    check_messages(Exact(garbage));
  }
}
