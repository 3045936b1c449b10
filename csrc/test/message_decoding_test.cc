// Decoding of well-formed messages. Malformed ones are in malformed_messages_test.cc.
#include "netlink/message.h"

#include <doctest/doctest.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "test/random.h"
#include "test/wire.h"

using netlink::Attributes;
using netlink::Bytes;
using netlink::ErrorReply;
using netlink::MessageBatch;
using netlink::Messages;
using netlink::read_error_reply;
using netlink::ReplyKind;
using test::Random;
using wire::attribute;
using wire::Buffer;
using wire::hex;
using wire::join;
using wire::raw;
using wire::text;
using wire::to_hex;

namespace {

constexpr genlmsghdr kGeneric{.cmd = 7, .version = 1, .reserved = 0};

}  // namespace

TEST_CASE("attributes return what was put") {
  MessageBatch batch;
  batch.begin(1, 0, kGeneric, ReplyKind::kErrorOnly);
  batch.put<uint8_t>(1, 200);
  batch.put<int16_t>(2, -2);
  batch.put<uint64_t>(3, 0x0102030405060708);
  batch.put_network(4, 443);
  batch.put_string(5, "wlc");
  batch.put_string(6, "");
  batch.put_bytes(7, hex("010203"));
  batch.end();

  Messages messages(batch.bytes());
  REQUIRE(messages.next());
  CHECK(messages.header().nlmsg_type == 1);
  Attributes attributes = messages.attributes(sizeof kGeneric);
  const auto next = [&] {
    REQUIRE(attributes.next());
    return attributes.type();
  };
  CHECK(next() == 1);
  CHECK(attributes.number<uint8_t>() == 200);
  CHECK(next() == 2);
  CHECK(attributes.number<int16_t>() == -2);
  CHECK(next() == 3);
  CHECK(attributes.number<uint64_t>() == 0x0102030405060708);
  CHECK(next() == 4);
  CHECK(attributes.network16() == 443);
  CHECK(next() == 5);
  CHECK(attributes.string() == "wlc");
  CHECK(next() == 6);
  CHECK(attributes.string().empty());
  CHECK(next() == 7);
  std::array<std::byte, 4> target{std::byte{9}, std::byte{9}, std::byte{9}, std::byte{9}};
  attributes.copy(target);
  CHECK(to_hex(target) == "01 02 03 00");
  CHECK_FALSE(attributes.next());
  CHECK_FALSE(attributes.malformed());
  CHECK_FALSE(messages.next());
  CHECK_FALSE(messages.malformed());
}

TEST_CASE("numbers may be longer than requested, as the kernel allows, but not shorter") {
  const Buffer bytes = hex("01 02 03 04 05 06 07 08");
  for (size_t length = 0; length <= bytes.size(); ++length) {
    CAPTURE(length);
    const wire::Exact attribute(
        wire::bare_attribute(1, {bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(length)}));
    Attributes attributes(attribute);
    REQUIRE(attributes.next());
    const auto number = attributes.number<uint32_t>();
    CHECK(attributes.malformed() == (length < 4));
    CHECK(to_hex(raw(number)) == (length < 4 ? "00 00 00 00" : "01 02 03 04"));
  }
}

TEST_CASE("a string ends at its first NUL, or with the attribute") {
  const auto read = [](const Buffer& payload) {
    const wire::Exact bytes(wire::bare_attribute(1, payload));
    Attributes attributes(bytes);
    REQUIRE(attributes.next());
    return std::string(attributes.string());
  };
  CHECK(read(hex("72 72 00")) == "rr");
  CHECK(read(hex("72 72")) == "rr");
  CHECK(read(hex("72 00 72 00")) == "r");
  CHECK(read(hex("00")).empty());
  CHECK(read({}).empty());
}

TEST_CASE("flags in the type of an attribute are not part of its type") {
  const Buffer bytes = join(attribute(3 | NLA_F_NESTED, {}), attribute(4 | NLA_F_NET_BYTEORDER, {}),
                            attribute(5, {}));
  Attributes attributes(bytes);
  for (const uint16_t type : {3, 4, 5}) {
    REQUIRE(attributes.next());
    CHECK(attributes.type() == type);
  }
}

TEST_CASE("the last attribute and the last message need no padding") {
  const Buffer attribute_bytes =
      join(attribute(1, hex("aa bb cc")), wire::bare_attribute(2, hex("dd")));
  Attributes attributes{Bytes(attribute_bytes)};
  CHECK(attributes.next());
  REQUIRE(attributes.next());
  CHECK(attributes.number<uint8_t>() == 0xdd);
  CHECK_FALSE(attributes.next());
  CHECK_FALSE(attributes.malformed());

  Buffer message = wire::message({}, hex("01"));
  message.resize(17);
  const wire::Exact exact(message);
  Messages messages(exact);
  REQUIRE(messages.next());
  CHECK(messages.payload().size() == 1);
  CHECK_FALSE(messages.next());
  CHECK_FALSE(messages.malformed());
}

TEST_CASE("the messages of a datagram are read in order") {
  Random random;
  for (int round = 0; round < 50; ++round) {
    std::vector<Buffer> payloads(random.below(10));
    Buffer datagram;
    for (Buffer& payload : payloads) {
      payload = random.bytes(random.below(50));
      nlmsghdr header{};
      header.nlmsg_seq = static_cast<uint32_t>(&payload - payloads.data());
      datagram = join(datagram, wire::message(header, payload));
    }
    Messages messages(datagram);
    for (size_t i = 0; i < payloads.size(); ++i) {
      REQUIRE(messages.next());
      CHECK(messages.header().nlmsg_seq == i);
      CHECK(to_hex(messages.payload()) == to_hex(payloads[i]));
    }
    CHECK_FALSE(messages.next());
    CHECK_FALSE(messages.malformed());
  }
}

namespace {

const nlmsghdr request{.nlmsg_len = 16 + 9,
                       .nlmsg_type = 30,
                       .nlmsg_flags = NLM_F_REQUEST,
                       .nlmsg_seq = 5,
                       .nlmsg_pid = 7};

const Buffer payload = wire::padded(hex("11 22 33 44 55 66 77 88 99"));

const Buffer words = attribute(NLMSGERR_ATTR_MSG, join(wire::text("no such thing"), Buffer(1)));

const Buffer offset = attribute(NLMSGERR_ATTR_OFFS, raw(uint32_t{20}));

ErrorReply error_reply_of(const Buffer& datagram) {
  Messages messages(datagram);
  REQUIRE(messages.next());
  return read_error_reply(messages);
}

Buffer reply(uint16_t type, uint16_t flags, const Buffer& payload) {
  return wire::message(
      {.nlmsg_len = 0, .nlmsg_type = type, .nlmsg_flags = flags, .nlmsg_seq = 5, .nlmsg_pid = 7},
      payload);
}

}  // namespace

TEST_CASE("an error reply has the errno, and the kernel's message if there is one") {
  struct Case {
    const char* name;
    uint16_t type;
    uint16_t flags;
    Buffer payload;
    int error;
    const char* text;
  };
  const Buffer refused = raw(int32_t{-ENOENT});
  const Buffer granted = raw(int32_t{0});
  const Buffer copy = join(raw(request), payload);
  const std::vector<Case> cases = {
      {"capped ACK", NLMSG_ERROR, NLM_F_CAPPED, join(granted, raw(request)), 0, ""},
      {"capped error", NLMSG_ERROR, NLM_F_CAPPED, join(refused, raw(request)), ENOENT, ""},
      {"capped error with words", NLMSG_ERROR, NLM_F_CAPPED | NLM_F_ACK_TLVS,
       join(refused, raw(request), offset, words), ENOENT, "no such thing"},
      {"uncapped error", NLMSG_ERROR, 0, join(refused, copy), ENOENT, ""},
      {"uncapped error with a message", NLMSG_ERROR, NLM_F_ACK_TLVS, join(refused, copy, words),
       ENOENT, "no such thing"},
      {"words of success", NLMSG_ERROR, NLM_F_CAPPED | NLM_F_ACK_TLVS,
       join(granted, raw(request), words), 0, "no such thing"},
      // Without the flag, whatever follows is the copied request.
      {"no flag, no words", NLMSG_ERROR, NLM_F_CAPPED, join(refused, raw(request), words), ENOENT,
       ""},
      {"end of a dump", NLMSG_DONE, NLM_F_MULTI, granted, 0, ""},
      {"failed dump", NLMSG_DONE, NLM_F_MULTI, refused, ENOENT, ""},
      {"failed dump with words", NLMSG_DONE, NLM_F_MULTI | NLM_F_ACK_TLVS, join(refused, words),
       ENOENT, "no such thing"},
      {"old kernel: an error and no header", NLMSG_ERROR, 0, refused, ENOENT, ""},
      {"a positive number is no error", NLMSG_DONE, 0, raw(int32_t{5}), 0, ""},
  };
  for (const Case& one : cases) {
    CAPTURE(one.name);
    const Buffer datagram = reply(one.type, one.flags, one.payload);
    const ErrorReply error_reply = error_reply_of(datagram);
    CHECK(error_reply.error == one.error);
    CHECK(error_reply.text == one.text);
    CHECK_FALSE(error_reply.malformed);
  }
}

TEST_CASE("an error reply that is too short is EBADMSG") {
  for (const uint16_t type : {NLMSG_ERROR, NLMSG_DONE}) {
    for (size_t length = 0; length < 4; ++length) {
      CAPTURE(type);
      CAPTURE(length);
      nlmsghdr header{};
      header.nlmsg_len = static_cast<uint32_t>(sizeof header + length);
      header.nlmsg_type = type;
      const wire::Exact datagram(join(raw(header), Buffer(length)));
      Messages messages(datagram);
      REQUIRE(messages.next());
      const ErrorReply error_reply = read_error_reply(messages);
      CHECK(error_reply.error == EBADMSG);
      CHECK(error_reply.malformed);
    }
  }
}

TEST_CASE("an error reply with a malformed message keeps its errno") {
  Buffer copy = raw(request);
  const uint32_t too_long = 4000;
  std::memcpy(copy.data(), &too_long, sizeof too_long);  // nlmsg_len of the copied request
  const std::vector<Buffer> tails = {hex("01"), hex("03 00 01 00"), hex("ff 00 01 00 61")};
  for (const Buffer& tail : tails) {
    const ErrorReply error_reply =
        error_reply_of(reply(NLMSG_ERROR, NLM_F_CAPPED | NLM_F_ACK_TLVS,
                             join(raw(int32_t{-EPERM}), raw(request), tail)));
    CHECK(error_reply.error == EPERM);
    CHECK(error_reply.malformed);
  }
  const ErrorReply error_reply =
      error_reply_of(reply(NLMSG_ERROR, NLM_F_ACK_TLVS, join(raw(int32_t{-EPERM}), copy, payload)));
  CHECK(error_reply.error == EPERM);
  CHECK(error_reply.malformed);
}

TEST_CASE("an error reply with the lowest number does not overflow") {
  const ErrorReply error_reply =
      error_reply_of(reply(NLMSG_DONE, 0, raw(std::numeric_limits<int32_t>::min())));
  CHECK(error_reply.error != 0);
}
