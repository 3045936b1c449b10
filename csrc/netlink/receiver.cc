#include "netlink/receiver.h"

#include <algorithm>
#include <bit>
#include <cerrno>

namespace netlink {
namespace {

bool from_kernel(const msghdr& header) {
  const auto* sender = static_cast<const sockaddr_nl*>(header.msg_name);
  // A sender that is no netlink address is the peer of a socket pair.
  return header.msg_namelen < sizeof *sender || sender->nl_family != AF_NETLINK ||
         sender->nl_pid == 0;
}

}  // namespace

Receiver::Receiver()
    : buffer_(std::make_unique_for_overwrite<std::byte[]>(kMaxSlots * kFirstSlotBytes)) {}

int Receiver::receive(int descriptor, size_t slots, int flags) {
  datagrams_.clear();
  filled_ = false;
  for (size_t i = 0; i < slots; ++i) {
    slots_[i] = {buffer_.get() + i * slot_bytes_, slot_bytes_};
    msghdr& header = headers_[i].msg_hdr;
    header = {};
    header.msg_name = &senders_[i];
    header.msg_namelen = sizeof(sockaddr_nl);
    header.msg_iov = &slots_[i];
    header.msg_iovlen = 1;
  }
  // MSG_TRUNC: msg_len is the length of the datagram, also where the slot is too small for it.
  const int count = ::recvmmsg(descriptor, headers_.data(), static_cast<unsigned>(slots),
                               flags | MSG_WAITFORONE | MSG_TRUNC, nullptr);
  if (count < 0) return errno;
  filled_ = static_cast<size_t>(count) == slots;
  for (int i = 0; i < count; ++i) {
    if (!from_kernel(headers_[i].msg_hdr)) continue;
    const size_t length = headers_[i].msg_len;
    datagrams_.push_back(
        {{static_cast<std::byte*>(slots_[i].iov_base), std::min(length, slot_bytes_)}, length});
  }
  return 0;
}

void Receiver::grow() {
  size_t longest = 0;
  for (const Datagram& datagram : datagrams_) longest = std::max(longest, datagram.length);
  if (longest <= slot_bytes_) return;
  datagrams_.clear();
  slot_bytes_ = std::bit_ceil(longest);
  buffer_ = std::make_unique_for_overwrite<std::byte[]>(kMaxSlots * slot_bytes_);
}

}  // namespace netlink
