// Encoding of batches of messages.
#include "netlink/message.h"

#include <doctest/doctest.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <sys/mman.h>

#include <algorithm>
#include <fstream>
#include <stdexcept>
#include <string>

#include "test/random.h"
#include "test/wire.h"

using netlink::Attributes;
using netlink::MessageBatch;
using netlink::Messages;
using netlink::ReplyKind;
using test::Random;
using wire::attribute;
using wire::Buffer;
using wire::hex;
using wire::join;
using wire::raw;
using wire::to_hex;

namespace {

constexpr genlmsghdr kGeneric{.cmd = 7, .version = 1, .reserved = 0};

Buffer attributes_of(MessageBatch& batch) {
  const auto bytes = batch.bytes().subspan(sizeof(nlmsghdr) + sizeof(genlmsghdr));
  return {bytes.begin(), bytes.end()};
}

// Puts random attributes, nested up to a depth, into a batch, and returns their bytes, put together
// by hand.
Buffer put_random(MessageBatch& batch, Random& random, int depth) {
  Buffer expected;
  const auto add = [&](const Buffer& bytes) { expected = join(expected, bytes); };
  for (size_t count = random.below(5); count > 0; --count) {
    const auto type = static_cast<uint16_t>(random.between(1, 100));
    switch (random.below(7)) {
      case 0: {
        const auto value = random.number<uint8_t>();
        batch.put(type, value);
        add(attribute(type, raw(value)));
        break;
      }
      case 1: {
        const auto value = random.number<uint16_t>();
        batch.put_network(type, value);
        add(attribute(type, wire::big_endian(value)));
        break;
      }
      case 2: {
        const auto value = random.number<int32_t>();
        batch.put(type, value);
        add(attribute(type, raw(value)));
        break;
      }
      case 3: {
        const auto value = random.number<uint64_t>();
        batch.put(type, value);
        add(attribute(type, raw(value)));
        break;
      }
      case 4: {
        const Buffer value = random.bytes(random.below(40));
        batch.put_bytes(type, value);
        add(attribute(type, value));
        break;
      }
      case 5: {
        const std::string value = random.word(random.below(20));
        batch.put_string(type, value);
        add(attribute(type, join(wire::text(value), Buffer(1))));
        break;
      }
      default: {
        if (depth == 0) break;
        const size_t nest = batch.begin_nest(type);
        const Buffer inner = put_random(batch, random, depth - 1);
        batch.end_nest(nest);
        add(attribute(type | NLA_F_NESTED, inner));
      }
    }
  }
  return expected;
}

// More than a batch may hold. It is mapped to pages of zeros, which take no memory.
struct Huge {
  std::byte bytes[size_t{1} << 31];
};

size_t available_memory() {
  std::ifstream file("/proc/meminfo");
  std::string name;
  size_t kilobytes = 0;
  for (std::string unit; file >> name >> kilobytes; std::getline(file, unit)) {
    if (name == "MemAvailable:") break;
  }
  return kilobytes * 1024;
}

}  // namespace

TEST_CASE("a message is encoded as the kernel reads it") {
  MessageBatch batch;
  batch.begin(0x1234, NLM_F_ACK, kGeneric, ReplyKind::kErrorOnly);
  batch.put<uint8_t>(1, 0xab);
  batch.put_network(2, 0x0102);
  batch.put<uint32_t>(3, 1);
  const size_t nest = batch.begin_nest(4);
  batch.put_string(5, "rr");
  batch.end_nest(nest);
  batch.end();

  const Buffer expected =
      join(raw(nlmsghdr{.nlmsg_len = 56,
                        .nlmsg_type = 0x1234,
                        .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK,
                        .nlmsg_seq = 0,
                        .nlmsg_pid = 0}),
           hex("07 01 0000"), raw(uint16_t{5}), raw(uint16_t{1}), hex("ab 000000"),
           raw(uint16_t{6}), raw(uint16_t{2}), hex("0102 0000"), raw(uint16_t{8}), raw(uint16_t{3}),
           raw(uint32_t{1}), raw(uint16_t{12}), raw(uint16_t{4 | 0x8000}), raw(uint16_t{7}),
           raw(uint16_t{5}), hex("72 72 00 00"));
  CHECK(to_hex(batch.bytes()) == to_hex(expected));
}

TEST_CASE("any batch equals its bytes put together by hand") {
  Random random;
  MessageBatch batch;
  for (int round = 0; round < 300; ++round) {
    CAPTURE(round);
    batch.clear();
    Buffer expected;
    const size_t messages = random.below(40);
    for (size_t i = 0; i < messages; ++i) {
      const auto type = random.number<uint16_t>();
      const auto flags = random.number<uint16_t>();
      batch.begin(type, flags, kGeneric, ReplyKind::kData);
      const Buffer payload = join(raw(kGeneric), put_random(batch, random, 3));
      batch.end();
      CHECK(batch.entries()[i].offset == expected.size());
      CHECK(batch.entries()[i].length == payload.size() + sizeof(nlmsghdr));
      CHECK(batch.entries()[i].reply_kind == ReplyKind::kData);
      expected =
          join(expected, wire::message({.nlmsg_len = 0,
                                        .nlmsg_type = type,
                                        .nlmsg_flags = static_cast<uint16_t>(flags | NLM_F_REQUEST),
                                        .nlmsg_seq = 0,
                                        .nlmsg_pid = 0},
                                       payload));
    }
    REQUIRE(batch.size() == messages);
    REQUIRE(to_hex(batch.bytes()) == to_hex(expected));
  }
}

TEST_CASE("a family header whose size is no multiple of four bytes is padded") {
  struct Odd {
    uint8_t bytes[5];
  };
  MessageBatch batch;
  batch.begin(1, 0, Odd{{1, 2, 3, 4, 5}}, ReplyKind::kErrorOnly);
  batch.put<uint8_t>(9, 9);
  batch.end();
  CHECK(to_hex(batch.bytes().subspan(sizeof(nlmsghdr))) ==
        to_hex(join(hex("01 02 03 04 05 000000"), attribute(9, hex("09")))));

  Messages messages(batch.bytes());
  REQUIRE(messages.next());
  Attributes attributes = messages.attributes(sizeof(Odd));
  REQUIRE(attributes.next());
  CHECK(attributes.number<uint8_t>() == 9);
}

TEST_CASE("the sequence number of each message of a batch can be set") {
  MessageBatch batch;
  for (uint16_t type = 20; type < 23; ++type) {
    batch.begin(type, 0, kGeneric, type == 21 ? ReplyKind::kData : ReplyKind::kErrorOnly);
    batch.put(type, type);
    batch.end();
  }
  batch.set_sequence(1, 99);
  Messages messages(batch.bytes());
  for (uint16_t type = 20; type < 23; ++type) {
    REQUIRE(messages.next());
    CHECK(messages.header().nlmsg_type == type);
    CHECK(messages.header().nlmsg_seq == (type == 21 ? 99 : 0));
  }
  CHECK_THROWS_AS(batch.set_sequence(3, 99), std::out_of_range);
}

TEST_CASE("an attribute holds at most 65,531 bytes") {
  const Buffer most(65531, std::byte{'x'});
  const Buffer more(65532, std::byte{'x'});
  const std::string longest(65530, 'x');
  MessageBatch batch;
  batch.begin(1, 0, kGeneric, ReplyKind::kErrorOnly);

  batch.put_bytes(2, most);
  CHECK(attributes_of(batch) == attribute(2, most));
  CHECK_THROWS_AS(batch.put_bytes(2, more), std::length_error);

  batch.clear();
  batch.begin(1, 0, kGeneric, ReplyKind::kErrorOnly);
  batch.put_string(2, longest);
  CHECK(attributes_of(batch) == attribute(2, join(wire::text(longest), Buffer(1))));
  CHECK_THROWS_AS(batch.put_string(2, longest + "x"), std::length_error);
}

TEST_CASE("a nest holds at most 65,531 bytes") {
  for (const size_t inside : {0U, 4U, 65528U, 65532U, 70000U}) {
    CAPTURE(inside);
    MessageBatch batch;
    batch.begin(1, 0, kGeneric, ReplyKind::kErrorOnly);
    const size_t nest = batch.begin_nest(2);
    for (size_t left = inside; left > 0;) {
      const size_t payload = std::min<size_t>(left - 4, 32764);
      batch.put_bytes(3, Buffer(payload));
      left -= payload + 4;
    }
    if (inside <= 65531) {
      batch.end_nest(nest);
      batch.end();
      Messages messages(batch.bytes());
      REQUIRE(messages.next());
      Attributes attributes = messages.attributes(sizeof kGeneric);
      REQUIRE(attributes.next());
      CHECK(attributes.payload().size() == inside);
    } else {
      CHECK_THROWS_AS(batch.end_nest(nest), std::length_error);
    }
  }
}

TEST_CASE("a batch refuses to grow beyond its largest offset") {
  if (test::kThreadSanitizer || available_memory() < size_t{6} << 30) {
    MESSAGE("NOT TESTED: takes 6 GiB of memory, and a minute under ThreadSanitizer");
    return;
  }
  void* zeros = ::mmap(nullptr, sizeof(Huge), PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  REQUIRE(zeros != MAP_FAILED);
  {
    MessageBatch batch;
    batch.begin(1, 0, *static_cast<const Huge*>(zeros), ReplyKind::kErrorOnly);
    batch.end();
    CHECK_THROWS_AS(batch.begin(1, 0, kGeneric, ReplyKind::kErrorOnly), std::length_error);
    CHECK(batch.size() == 1);
  }
  ::munmap(zeros, sizeof(Huge));
}
