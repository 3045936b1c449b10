#include "test/fault_injection.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <string_view>
#include <utility>

namespace test {
namespace {

// Without any, recvmmsg() is left alone.
std::atomic<int> active_injectors{0};

// A datagram that recvmmsg() turns into an errno, because an AF_UNIX socket has no overruns.
struct Marker {
  std::array<char, 12> magic{"test: errno"};
  int error = 0;
};

wire::Buffer marker(int error) {
  Marker marker;
  marker.error = error;
  return wire::raw(marker);
}

nlmsghdr header_of(const wire::Buffer& datagram) {
  nlmsghdr header{};
  std::memcpy(&header, datagram.data(), sizeof header);
  return header;
}

// Changes the header of each message of a datagram.
template <typename Change>
wire::Buffer with_headers(wire::Buffer datagram, Change change) {
  nlmsghdr header{};
  for (size_t at = 0; at + sizeof header <= datagram.size(); at += (header.nlmsg_len + 3U) & ~3U) {
    std::memcpy(&header, &datagram[at], sizeof header);
    change(header);
    std::memcpy(&datagram[at], &header, sizeof header);
  }
  return datagram;
}

wire::Buffer with_far_sequence(const wire::Buffer& datagram) {
  return with_headers(datagram, [](nlmsghdr& header) { header.nlmsg_seq += 100'000; });
}

wire::Buffer with_other_port(const wire::Buffer& datagram) {
  return with_headers(datagram, [](nlmsghdr& header) { header.nlmsg_pid += 1; });
}

// Returns true if the client waits for the datagram.
bool is_expected(const wire::Buffer& datagram) {
  const nlmsghdr header = header_of(datagram);
  if (header.nlmsg_type == NLMSG_DONE) return true;
  if (header.nlmsg_type != NLMSG_ERROR) return (header.nlmsg_flags & NLM_F_MULTI) == 0;
  int error = 0;
  std::memcpy(&error, datagram.data() + sizeof header, sizeof error);
  return error == 0;
}

}  // namespace

FaultInjector::FaultInjector(Fault fault, size_t position) : fault_(fault), position_(position) {
  ++active_injectors;
}
FaultInjector::~FaultInjector() { --active_injectors; }

FakeKernel::Behaviour FaultInjector::wrap(FakeKernel::Behaviour behaviour) {
  return [this, behaviour = std::move(behaviour)](const auto& request, const auto& reply) {
    std::vector<wire::Buffer> replies;
    behaviour(request, [&](const wire::Buffer& datagram) { replies.push_back(datagram); });
    forward(std::move(replies), reply);
  };
}

void FaultInjector::forward(std::vector<wire::Buffer> replies, const FakeKernel::Reply& reply) {
  const size_t count = replies.size();
  const size_t place = position_ - replies_;  // wraps if it is past
  replies_ += count;
  if (place < count) {
    const auto at = replies.begin() + static_cast<ptrdiff_t>(place);
    switch (fault_) {
      case Fault::kNone:
        break;
      case Fault::kDuplicated:
        replies.insert(at, wire::Buffer(*at));
        break;
      case Fault::kStraySequence:
        replies.insert(at, with_far_sequence(*at));
        break;
      case Fault::kStrayPort:
        replies.insert(at, with_other_port(*at));
        break;
      case Fault::kReordered:
        if (place + 2 < count) std::iter_swap(at, at + 1);
        break;
      case Fault::kInterrupted:
        replies.insert(at, marker(EINTR));
        break;
      case Fault::kTruncated:
        at->resize(at->size() / 2);
        break;
      case Fault::kOversized:
        at->resize(150'000);
        break;
      case Fault::kOverrun:
        *at = marker(ENOBUFS);
        break;
      case Fault::kOverrunToEnd:
        *at = marker(ENOBUFS);
        replies.erase(at + 1, replies.end());
        break;
      case Fault::kWrongSequence:
        if (is_expected(*at)) *at = with_far_sequence(*at);
        break;
      case Fault::kNoReply:
        replies.erase(at, replies.end());
        break;
    }
  }
  for (const wire::Buffer& datagram : replies) reply(datagram);
}

}  // namespace test

// Replaces recvmmsg(), by the linker: stops before a marker, and fails with its errno.
extern "C" {

int __real_recvmmsg(int fd, mmsghdr* messages, unsigned count, int flags, timespec* timeout);

int __wrap_recvmmsg(int fd, mmsghdr* messages, unsigned count, int flags, timespec* timeout) {
  if (test::active_injectors == 0) return __real_recvmmsg(fd, messages, count, flags, timeout);
  unsigned taken = 0;
  for (; taken < count; ++taken) {
    // Only the first may block.
    const int wait = taken == 0 ? flags & MSG_DONTWAIT : MSG_DONTWAIT;
    test::Marker marker;
    marker.magic = {};
    if (::recv(fd, &marker, sizeof marker, MSG_PEEK | wait) < 0) break;
    if (marker.magic == test::Marker().magic) {
      if (taken > 0) break;
      (void)::recv(fd, &marker, sizeof marker, MSG_DONTWAIT);
      errno = marker.error;
      break;
    }
    if (__real_recvmmsg(fd, messages + taken, 1, flags | MSG_DONTWAIT, timeout) != 1) break;
  }
  return taken > 0 ? static_cast<int>(taken) : -1;
}
}
