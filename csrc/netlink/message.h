// Encoding and decoding netlink messages. No input or output, no knowledge of any family.
//
// Threading: no shared state; one object belongs to one thread at a time.
// Safety: a reader never reads past its bytes, whatever their lengths claim. Its error is sticky:
//   callers check malformed() once, after reading.
// Alignment: values are copied, never cast: the kernel aligns to 4 bytes only, also a u64.
#pragma once

#include <linux/netlink.h>

#include <algorithm>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

namespace netlink {

using Bytes = std::span<const std::byte>;

/// Rounds up to the 4 bytes that netlink aligns to (NLMSG_ALIGN, NLA_ALIGN).
constexpr size_t align(size_t bytes) { return (bytes + 3) & ~size_t{3}; }

/// The reply to a message.
enum class ReplyKind : uint8_t {
  kErrorOnly,  ///< a command: only a refusal has a reply
  kData,       ///< a query: one message of data, or an error
  kDump,       ///< a dump, which only Socket::dump() sends: messages of data, or an error
};

/// Netlink requests that are sent together. The socket sets their sequence numbers.
class MessageBatch {
 public:
  struct Entry {
    uint32_t offset;
    uint32_t length;
    ReplyKind reply_kind;
  };

  /// Starts a message of nlmsghdr `type`. Adds NLM_F_REQUEST to `flags`.
  /// @param header the header of the family (genlmsghdr, ifinfomsg ...)
  template <typename Header>
  requires std::is_trivially_copyable_v<Header>
  void begin(uint16_t type, uint16_t flags, const Header& header, ReplyKind reply_kind) {
    begin_message(type, flags, reply_kind);
    append(&header, sizeof header);
  }
  /// Ends the message that begin() started.
  void end();

  /// Appends an attribute with a number in host byte order.
  template <typename Number>
  requires std::integral<Number>
  void put(uint16_t attribute, Number value) {
    put_bytes(attribute, std::as_bytes(std::span(&value, 1)));
  }
  /// Appends an attribute with a 16-bit number in network byte order.
  void put_network(uint16_t attribute, uint16_t value);
  /// Appends an attribute of plain bytes.
  /// @throws std::length_error more than the 65,531 bytes that an attribute can hold
  void put_bytes(uint16_t attribute, Bytes value);
  /// Appends a string with the NUL that the kernel demands.
  void put_string(uint16_t attribute, std::string_view value);

  /// Starts a nested attribute. Returns the argument of end_nest().
  size_t begin_nest(uint16_t attribute);
  void end_nest(size_t nest);

  void clear();
  size_t size() const { return entries_.size(); }
  const std::vector<Entry>& entries() const { return entries_; }
  std::span<std::byte> bytes() { return {data_.get(), size_}; }
  /// Sets the sequence number of message `index`.
  void set_sequence(size_t index, uint32_t sequence);

 private:
  void begin_message(uint16_t type, uint16_t flags, ReplyKind reply_kind);
  std::byte* grow(size_t bytes);
  void append(const void* data, size_t bytes);
  std::byte* append_attribute(uint16_t attribute, size_t payload);

  std::unique_ptr<std::byte[]> data_;
  size_t size_ = 0;
  size_t capacity_ = 0;
  std::vector<Entry> entries_;
};

/// Reads attributes. A caller skips unknown types. A known attribute that is too short makes the
/// reader malformed, and so does a length past the bytes. Then every read returns zeros, and next()
/// returns false.
class Attributes {
 public:
  explicit Attributes(Bytes bytes) : rest_(bytes) {}

  /// Moves on to the next attribute. Returns false at the end, or if the reader is malformed.
  // Inlined even with -Os: a destination has some 30 attributes.
  [[gnu::always_inline]] bool next() {
    nlattr header;
    if (rest_.size() < sizeof header) return stop();
    std::memcpy(&header, rest_.data(), sizeof header);
    if (header.nla_len < sizeof header || header.nla_len > rest_.size()) return stop();
    type_ = header.nla_type & NLA_TYPE_MASK;
    payload_ = rest_.subspan(sizeof header, header.nla_len - sizeof header);
    rest_ = rest_.subspan(std::min(align(header.nla_len), rest_.size()));
    return true;
  }
  uint16_t type() const { return static_cast<uint16_t>(type_); }
  Bytes payload() const { return payload_; }

  /// The payload as a number in host byte order. A longer payload is accepted, as in the kernel.
  template <typename Number>
  requires std::integral<Number> Number number() {
    Number value{};
    if (payload_.size() < sizeof value) {
      set_malformed();
    } else {
      std::memcpy(&value, payload_.data(), sizeof value);
    }
    return value;
  }
  /// The payload as a 16-bit number in network byte order.
  uint16_t network16();
  /// The payload up to its first NUL.
  std::string_view string() const;
  /// Copies the payload into `target` and fills the rest with zeros. A longer payload is malformed.
  void copy(std::span<std::byte> target);
  /// Calls `read(Attributes&)` with the attributes inside this one. If they are malformed, so is
  /// this reader.
  template <typename Read>
  void nested(Read&& read) {
    Attributes inner(payload_);
    read(inner);
    if (inner.malformed()) set_malformed();
  }

  bool malformed() const { return malformed_; }
  /// Makes the reader malformed.
  void set_malformed();

 private:
  // Ends reading: at the end of the bytes, or because they are malformed. Returns false.
  bool stop();

  Bytes rest_;
  Bytes payload_;
  // 16 bits wide, it would be loaded together with its neighbour, which defeats store forwarding.
  uint32_t type_ = 0;
  bool malformed_ = false;
};

/// Reads the messages of a datagram.
class Messages {
 public:
  explicit Messages(Bytes datagram) : rest_(datagram) {}

  bool next();
  const nlmsghdr& header() const { return header_; }
  Bytes payload() const { return payload_; }
  /// The attributes behind a family header of `header_bytes`; malformed if the message is shorter.
  Attributes attributes(size_t header_bytes) const;
  bool malformed() const { return malformed_; }

 private:
  Bytes rest_;
  nlmsghdr header_{};
  Bytes payload_;
  bool malformed_ = false;
};

/// The contents of an NLMSG_ERROR or NLMSG_DONE.
struct ErrorReply {
  int error = 0;          ///< a positive errno, 0 for an acknowledgement
  std::string_view text;  ///< the extended acknowledgement, into the datagram
  bool malformed = false;
};
ErrorReply read_error_reply(const Messages& message);

}  // namespace netlink
