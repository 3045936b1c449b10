#include "netlink/message.h"

#include <arpa/inet.h>

#include <algorithm>
#include <limits>
#include <stdexcept>

namespace netlink {
namespace {

constexpr size_t kAttributeHeader = sizeof(nlattr);
constexpr size_t kMessageHeader = sizeof(nlmsghdr);
constexpr size_t kFirstCapacity = 4096;

}  // namespace

std::byte* MessageBatch::grow(size_t bytes) {
  if (size_ + bytes > capacity_) {
    const size_t wanted = std::max({kFirstCapacity, capacity_ * 2, size_ + bytes});
    auto larger = std::make_unique_for_overwrite<std::byte[]>(wanted);
    if (size_ > 0) std::memcpy(larger.get(), data_.get(), size_);
    data_ = std::move(larger);
    capacity_ = wanted;
  }
  std::byte* at = data_.get() + size_;
  size_ += bytes;
  return at;
}

void MessageBatch::append(const void* data, size_t bytes) {
  std::byte* at = grow(align(bytes));
  std::memcpy(at, data, bytes);
  std::memset(at + bytes, 0, align(bytes) - bytes);
}

void MessageBatch::begin_message(uint16_t type, uint16_t flags, ReplyKind reply_kind) {
  if (size_ > std::numeric_limits<uint32_t>::max() / 2) throw std::length_error("netlink batch");
  entries_.push_back({static_cast<uint32_t>(size_), 0, reply_kind});
  const nlmsghdr header{.nlmsg_len = 0,
                        .nlmsg_type = type,
                        .nlmsg_flags = static_cast<uint16_t>(flags | NLM_F_REQUEST),
                        .nlmsg_seq = 0,
                        .nlmsg_pid = 0};
  append(&header, sizeof header);
}

void MessageBatch::end() {
  Entry& entry = entries_.back();
  entry.length = static_cast<uint32_t>(size_ - entry.offset);
  std::memcpy(data_.get() + entry.offset + offsetof(nlmsghdr, nlmsg_len), &entry.length,
              sizeof entry.length);
}

// Returns the payload of the new attribute, of which only the padding is written.
std::byte* MessageBatch::append_attribute(uint16_t attribute, size_t payload) {
  if (payload > std::numeric_limits<uint16_t>::max() - kAttributeHeader) {
    throw std::length_error("netlink attribute");
  }
  const nlattr header{.nla_len = static_cast<uint16_t>(kAttributeHeader + payload),
                      .nla_type = attribute};
  std::byte* at = grow(kAttributeHeader + align(payload));
  std::memcpy(at, &header, kAttributeHeader);
  at += kAttributeHeader;
  std::memset(at + payload, 0, align(payload) - payload);
  return at;
}

void MessageBatch::put_bytes(uint16_t attribute, Bytes value) {
  std::byte* payload = append_attribute(attribute, value.size());
  if (!value.empty()) std::memcpy(payload, value.data(), value.size());
}

void MessageBatch::put_network(uint16_t attribute, uint16_t value) { put(attribute, htons(value)); }

void MessageBatch::put_string(uint16_t attribute, std::string_view value) {
  std::byte* payload = append_attribute(attribute, value.size() + 1);
  value.copy(reinterpret_cast<char*>(payload), value.size());
  payload[value.size()] = std::byte{0};
}

size_t MessageBatch::begin_nest(uint16_t attribute) {
  const size_t nest = size_;
  put_bytes(attribute | NLA_F_NESTED, {});
  return nest;
}

void MessageBatch::end_nest(size_t nest) {
  const size_t length = size_ - nest;
  if (length > std::numeric_limits<uint16_t>::max()) throw std::length_error("netlink nest");
  const auto stored = static_cast<uint16_t>(length);
  std::memcpy(data_.get() + nest + offsetof(nlattr, nla_len), &stored, sizeof stored);
}

void MessageBatch::clear() {
  size_ = 0;
  entries_.clear();
}

void MessageBatch::set_sequence(size_t index, uint32_t sequence) {
  std::memcpy(data_.get() + entries_.at(index).offset + offsetof(nlmsghdr, nlmsg_seq), &sequence,
              sizeof sequence);
}

bool Attributes::stop() {
  if (!rest_.empty()) set_malformed();
  payload_ = {};
  type_ = 0;
  return false;
}

void Attributes::set_malformed() {
  malformed_ = true;
  rest_ = {};
}

uint16_t Attributes::network16() { return ntohs(number<uint16_t>()); }

std::string_view Attributes::string() const {
  const auto* text = reinterpret_cast<const char*>(payload_.data());
  return {text, static_cast<size_t>(std::find(text, text + payload_.size(), '\0') - text)};
}

void Attributes::copy(std::span<std::byte> target) {
  if (payload_.size() > target.size()) return set_malformed();
  if (!payload_.empty()) std::memcpy(target.data(), payload_.data(), payload_.size());
  std::memset(target.data() + payload_.size(), 0, target.size() - payload_.size());
}

bool Messages::next() {
  payload_ = {};
  if (malformed_ || rest_.empty()) return false;
  if (rest_.size() < kMessageHeader) {
    malformed_ = true;
    return false;
  }
  std::memcpy(&header_, rest_.data(), kMessageHeader);
  if (header_.nlmsg_len < kMessageHeader || header_.nlmsg_len > rest_.size()) {
    malformed_ = true;
    return false;
  }
  payload_ = rest_.subspan(kMessageHeader, header_.nlmsg_len - kMessageHeader);
  rest_ = rest_.subspan(std::min(align(header_.nlmsg_len), rest_.size()));
  return true;
}

Attributes Messages::attributes(size_t header_bytes) const {
  const size_t skipped = align(header_bytes);
  // One stray byte makes the reader malformed rather than empty.
  static constexpr std::byte kStray[1]{};
  return Attributes(payload_.size() < skipped ? Bytes(kStray) : payload_.subspan(skipped));
}

ErrorReply read_error_reply(const Messages& message) {
  int32_t negative = 0;
  if (message.payload().size() < sizeof negative) return {EBADMSG, {}, true};
  std::memcpy(&negative, message.payload().data(), sizeof negative);
  if (negative == INT32_MIN) return {EBADMSG, {}, true};
  ErrorReply reply{negative < 0 ? -negative : 0, {}, false};
  if (!(message.header().nlmsg_flags & NLM_F_ACK_TLVS)) return reply;

  size_t skipped = sizeof negative;
  if (message.header().nlmsg_type == NLMSG_ERROR) {
    nlmsghdr request{};
    if (message.payload().size() < sizeof(nlmsgerr)) return {EBADMSG, {}, true};
    std::memcpy(&request, message.payload().data() + offsetof(nlmsgerr, msg), sizeof request);
    // Without NLM_F_CAPPED the payload of the request precedes the attributes.
    const bool capped = message.header().nlmsg_flags & NLM_F_CAPPED;
    const size_t echoed =
        capped || request.nlmsg_len < kMessageHeader ? 0 : request.nlmsg_len - kMessageHeader;
    skipped = sizeof(nlmsgerr) + align(echoed);
  }
  Attributes attributes = message.attributes(skipped);
  while (attributes.next()) {
    if (attributes.type() == NLMSGERR_ATTR_MSG) reply.text = attributes.string();
  }
  reply.malformed = attributes.malformed();
  return reply;
}

}  // namespace netlink
