// The parsers of messages and attributes, on any datagram. They agree with a reference parser,
// return no byte outside of the datagram, and read what was written unchanged.
#include "netlink/message.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>

#include "fuzz/fuzz.h"
#include "test/reference_parser.h"

using fuzz::expect;
using netlink::Attributes;
using netlink::Bytes;
using netlink::MessageBatch;
using netlink::Messages;

namespace {

constexpr int kDepth = 2;

bool same_place(Bytes a, Bytes b) { return a.data() == b.data() && a.size() == b.size(); }

bool is_inside(std::string_view text, Bytes bytes) {
  const auto* begin = reinterpret_cast<const char*>(bytes.data());
  return text.empty() ||
         (text.data() >= begin && text.size() <= bytes.size() &&
          text.data() - begin <= static_cast<ptrdiff_t>(bytes.size() - text.size()));
}

void check_value(const Attributes& at) {
  const Bytes payload = at.payload();
  expect(is_inside(at.string(), payload), "a string lies within its attribute");
  expect(at.string().find('\0') == std::string_view::npos, "a string ends at its first NUL");

  Attributes reader = at;
  uint64_t expected = 0;
  const bool enough = payload.size() >= sizeof expected;
  if (enough) std::memcpy(&expected, payload.data(), sizeof expected);
  expect(reader.number<uint64_t>() == expected, "a number is what the bytes say, or zero");
  expect(reader.malformed() == !enough, "only a number with too few bytes is malformed");

  reader = at;
  std::array<std::byte, 16> target{};
  reader.copy(target);
  const bool fits = payload.size() <= target.size();
  expect(reader.malformed() == !fits, "only a copy of too many bytes is malformed");
  expect(!fits || std::equal(payload.begin(), payload.end(), target.begin()), "a copy is the same");
}

void check_attributes(Bytes bytes, int depth) {
  const test::Items expected = test::split_attributes(bytes);
  Attributes attributes(bytes);
  size_t seen = 0;
  while (attributes.next()) {
    expect(seen < expected.items.size(), "there are no more attributes than that");
    const auto& [type, payload] = expected.items[seen++];
    expect(attributes.type() == (type & NLA_TYPE_MASK), "an attribute has its type");
    expect(same_place(attributes.payload(), payload), "an attribute has its payload");
    check_value(attributes);
    if (depth == 0) continue;
    check_attributes(payload, depth - 1);
    Attributes outer = attributes;
    outer.nested([](Attributes& inner) {
      while (inner.next()) continue;
    });
    expect(outer.malformed() == test::split_attributes(payload).malformed,
           "a malformed nest is malformed");
  }
  expect(seen == expected.items.size(), "all attributes are read");
  expect(attributes.malformed() == expected.malformed, "malformed input is reported");
  expect(!attributes.next() && attributes.payload().empty(), "nothing follows the end");
}

void check_round_trip(Bytes bytes) {
  const test::Items expected = test::split_attributes(bytes);
  static MessageBatch batch;  // reused, because allocating it would take most of the time
  batch.clear();
  batch.begin(1, 0, uint32_t{0}, netlink::ReplyKind::kErrorOnly);
  for (const auto& [type, payload] : expected.items) batch.put_bytes(type, payload);
  batch.end();
  Attributes written(batch.bytes().subspan(sizeof(nlmsghdr) + sizeof(uint32_t)));
  for (const auto& [type, payload] : expected.items) {
    expect(written.next() && written.type() == (type & NLA_TYPE_MASK), "a type is read back");
    expect(std::equal(payload.begin(), payload.end(), written.payload().begin(),
                      written.payload().end()),
           "a payload is read back");
  }
  expect(!written.next() && !written.malformed(), "what is written is well-formed");
}

void check_error_reply(const Messages& message, Bytes datagram) {
  const netlink::ErrorReply error_reply = netlink::read_error_reply(message);
  expect(error_reply.error >= 0, "an errno is positive");
  expect(is_inside(error_reply.text, datagram), "the text lies within the datagram");
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const Bytes datagram = fuzz::bytes_of(data, size);
  const test::Items expected = test::split_messages(datagram);
  Messages messages(datagram);
  size_t seen = 0;
  while (messages.next()) {
    expect(seen < expected.items.size(), "there are no more messages than that");
    const auto& [type, payload] = expected.items[seen++];
    expect(messages.header().nlmsg_type == type, "a message has its type");
    expect(same_place(messages.payload(), payload), "a message has its payload");
    check_error_reply(messages, datagram);
    for (const size_t header : {size_t{4}, size_t{16}}) {
      Attributes attributes = messages.attributes(header);
      if (payload.size() >= header) {
        check_attributes(payload.subspan(header), kDepth);
        check_round_trip(payload.subspan(header));
      } else {
        expect(!attributes.next() && attributes.malformed(),
               "a message has the header of its family");
      }
    }
  }
  expect(seen == expected.items.size(), "all messages are read");
  expect(messages.malformed() == expected.malformed, "malformed input is reported");
  expect(!messages.next() && messages.payload().empty(), "nothing follows the end");
  return 0;
}
