#include "netlink/socket.h"

#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "os/error.h"

namespace netlink {
namespace {

// The share of a queued reply in the receive buffer, at worst: the kernel charges 768 to 896 bytes
// for a bare error, and for a message of data the memory that it is built in: 8 KiB, or the next
// power of two for a larger one.
constexpr size_t kErrorCost = 1024;
constexpr size_t kLeastDataCost = 8192;
constexpr size_t data_cost(size_t bytes) { return std::max(kLeastDataCost, 4096 + 2 * bytes); }

constexpr int kWantedBuffer = 1 << 20;  // doubled by the kernel
// The bytes that the kernel subtracts from the send buffer, and the sentinel.
constexpr size_t kSendOverhead = 64;
constexpr size_t kChunkBytes = 256 * 1024;  // larger sends gain nothing

// Starts at the first question, so that the usual exchange never reads the clock.
class Deadline {
 public:
  explicit Deadline(std::chrono::milliseconds limit) : limit_(limit) {}
  bool expired() {
    const auto now = Clock::now();
    if (end_ == Clock::time_point{}) end_ = now + limit_;
    return now >= end_;
  }

 private:
  using Clock = std::chrono::steady_clock;
  std::chrono::milliseconds limit_;
  Clock::time_point end_{};
};

size_t buffer_size(int descriptor, int name) {
  int value = 0;
  socklen_t length = sizeof value;
  if (::getsockopt(descriptor, SOL_SOCKET, name, &value, &length) != 0) {
    throw os::Error(errno, "getsockopt");
  }
  return static_cast<size_t>(value);
}

// Forcing needs CAP_NET_ADMIN. Without it the system's limit holds, and chunks are smaller.
void enlarge_buffer(int descriptor, int force, int polite) {
  if (::setsockopt(descriptor, SOL_SOCKET, force, &kWantedBuffer, sizeof kWantedBuffer) != 0) {
    ::setsockopt(descriptor, SOL_SOCKET, polite, &kWantedBuffer, sizeof kWantedBuffer);
  }
}

os::Descriptor open_netlink(int protocol) {
  os::Descriptor descriptor(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol));
  if (!descriptor) throw os::Error(errno, "socket");
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  if (::bind(descriptor.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    throw os::Error(errno, "bind");
  }
  const int on = 1;
  // Both only refine errors: a kernel without them still replies.
  ::setsockopt(descriptor.get(), SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof on);
  ::setsockopt(descriptor.get(), SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof on);
  enlarge_buffer(descriptor.get(), SO_SNDBUFFORCE, SO_SNDBUF);
  enlarge_buffer(descriptor.get(), SO_RCVBUFFORCE, SO_RCVBUF);
  return descriptor;
}

}  // namespace

Socket Socket::open(int protocol, const os::Namespace& netns, std::chrono::milliseconds deadline) {
  return Socket(netns.open([protocol] { return open_netlink(protocol); }), deadline);
}

Socket::Socket(os::Descriptor descriptor, std::chrono::milliseconds deadline)
    : descriptor_(std::move(descriptor)), deadline_(deadline) {
  sockaddr_nl address{};
  socklen_t length = sizeof address;
  if (::getsockname(descriptor_.get(), reinterpret_cast<sockaddr*>(&address), &length) != 0) {
    throw os::Error(errno, "getsockname");
  }
  if (address.nl_family == AF_NETLINK) port_ = address.nl_pid;

  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(deadline_);
  const timeval wait{.tv_sec = seconds.count(), .tv_usec = (deadline_ - seconds).count() * 1000};
  if (::setsockopt(descriptor_.get(), SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait) != 0) {
    throw os::Error(errno, "setsockopt");
  }
  send_room_ = std::min(kChunkBytes, buffer_size(descriptor_.get(), SO_SNDBUF) - kSendOverhead);
  reply_room_ = buffer_size(descriptor_.get(), SO_RCVBUF);
}

// The next messages of the batch that fit one send and whose replies fit the receive buffer, with
// sequence numbers.
Chunk Socket::next_chunk(const MessageBatch& batch, size_t first, size_t byte_limit) {
  size_t bytes = 0;
  size_t replies = kErrorCost;  // the sentinel's
  size_t last = first;
  for (; last < batch.size(); ++last) {
    const MessageBatch::Entry& entry = batch.entries()[last];
    bytes += entry.length;
    replies += entry.reply_kind == ReplyKind::kData ? data_cost(largest_reply_) : kErrorCost;
    if (last > first && (bytes > byte_limit || replies > reply_room_)) break;
  }
  const Chunk chunk{first, last, sequence_ + 1};
  sequence_ = chunk.sentinel();
  return chunk;
}

std::vector<Failure> Socket::run(MessageBatch& batch, const OnData& on_data) {
  std::vector<Failure> failures;
  size_t byte_limit = send_room_;
  int stopped = stalled_ ? ETIMEDOUT : 0;  // why nothing more is sent
  size_t first = 0;
  while (first < batch.size() && stopped == 0) {
    const Chunk chunk = next_chunk(batch, first, byte_limit);
    for (size_t index = chunk.first; index < chunk.last; ++index) {
      batch.set_sequence(index, chunk.sequence + static_cast<uint32_t>(index - chunk.first));
    }
    const size_t begin = batch.entries()[chunk.first].offset;
    const MessageBatch::Entry& end = batch.entries()[chunk.last - 1];
    const auto bytes = batch.bytes().subspan(begin, end.offset + end.length - begin);

    if (const int error = send(bytes, chunk.sentinel()); error == 0) {
      if (read_replies(batch, chunk, on_data, failures) == ETIMEDOUT) stopped = ETIMEDOUT;
      first = chunk.last;
    } else if ((error == EMSGSIZE || error == ENOBUFS) && chunk.size() > 1) {
      // Nothing was executed. The kernel takes or can allocate less than it promised: send less.
      byte_limit = bytes.size() / 2;
    } else {
      stopped = error;
    }
  }
  for (; first < batch.size(); ++first) failures.push_back({first, stopped, Status::kNotSent, {}});
  stalled_ = stopped == ETIMEDOUT;
  return failures;
}

int Socket::send(std::span<std::byte> requests, uint32_t sentinel_sequence) {
  // The kernel does nothing on a no-op, and acknowledges it after executing all messages before it.
  nlmsghdr sentinel{.nlmsg_len = sizeof(nlmsghdr),
                    .nlmsg_type = NLMSG_NOOP,
                    .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK,
                    .nlmsg_seq = sentinel_sequence,
                    .nlmsg_pid = 0};
  iovec buffers[] = {{requests.data(), requests.size()}, {&sentinel, sizeof sentinel}};
  msghdr message{};
  message.msg_iov = buffers;
  message.msg_iovlen = 2;
  for (;;) {
    if (::sendmsg(descriptor_.get(), &message, MSG_NOSIGNAL) >= 0) return 0;
    if (errno != EINTR) return errno;
  }
}

// Reads the replies to a chunk and appends its failures. Returns the errno that explains why
// replies may be missing, or 0.
int Socket::read_replies(const MessageBatch& batch, const Chunk& chunk, const OnData& on_data,
                         std::vector<Failure>& failures) {
  ChunkReplies replies(chunk, port_, on_data, failures);
  Deadline deadline(deadline_);
  while (!replies.acknowledged()) {
    // Everything was executed, and replied to, within send(): after an overrun no reply is on its
    // way.
    const int flags = replies.error() == ENOBUFS ? MSG_DONTWAIT : 0;
    const int error = receiver_.receive(descriptor(), Receiver::kReplySlots, flags);
    if (error == ENOBUFS) {
      replies.set_error(ENOBUFS);
      continue;
    }
    if (error == EAGAIN && replies.error() != ENOBUFS) replies.set_error(ETIMEDOUT);
    if (error != 0 && error != EINTR && error != EAGAIN) replies.set_error(error);
    if (error != 0 && error != EINTR) break;
    bool progress = false;
    for (const Datagram& datagram : receiver_.datagrams()) {
      progress = replies.read(datagram) || progress;
    }
    receiver_.grow();
    if (progress) deadline = Deadline(deadline_);
    if (!replies.acknowledged() && !progress && deadline.expired()) {
      replies.set_error(ETIMEDOUT);
      break;
    }
  }
  largest_reply_ = std::max(largest_reply_, replies.largest_reply());
  replies.finish(batch);
  return replies.error();
}

void Socket::time_out(Status status, const char* syscall) {
  stalled_ = true;
  throw RequestError(status, ETIMEDOUT, syscall);
}

Socket::DumpEnd Socket::dump(MessageBatch& request, const OnMessage& on_message) {
  if (stalled_) time_out(Status::kNotSent, "send");
  send_dump(request);
  DumpReplies replies = read_dump(on_message);
  if (replies.refusal() && replies.refusal()->error() == EBUSY) {
    // An earlier dump that timed out is still running on this socket: read it to its end. When the
    // refusal was received, the kernel has continued it, even if it had stalled.
    while (true) {
      const int error = receiver_.receive(descriptor(), Receiver::kDumpSlots, MSG_DONTWAIT);
      if (error != 0 && error != EINTR && error != ENOBUFS) break;
    }
    send_dump(request);
    replies = read_dump(on_message);
  }
  if (replies.refusal()) throw *replies.refusal();
  if (replies.malformed()) {
    throw RequestError(Status::kLost, EBADMSG, "recvmmsg", "a malformed reply");
  }
  return {replies.datagrams(), replies.interrupted()};
}

void Socket::send_dump(MessageBatch& request) {
  request.set_sequence(0, ++sequence_);
  const auto bytes = request.bytes();
  while (::send(descriptor_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) < 0) {
    if (errno != EINTR) throw RequestError(Status::kNotSent, errno, "send");
  }
}

// Reads to the end, also after an error: a dump that is left half-read would block the next one.
DumpReplies Socket::read_dump(const OnMessage& on_message) {
  DumpReplies replies(sequence_, port_, on_message);
  Deadline deadline(deadline_);
  while (!replies.done()) {
    const int error = receiver_.receive(descriptor(), Receiver::kDumpSlots, 0);
    if (error == ENOBUFS) replies.set_interrupted();
    if (error == EAGAIN) time_out(Status::kLost, "recvmmsg");
    if (error != 0 && error != EINTR && error != ENOBUFS) {
      throw RequestError(Status::kLost, error, "recvmmsg");
    }
    bool progress = false;
    for (const Datagram& datagram : receiver_.datagrams()) {
      progress = replies.read(datagram) || progress;
    }
    receiver_.grow();
    if (progress) deadline = Deadline(deadline_);
    if (!progress && deadline.expired()) time_out(Status::kLost, "recvmmsg");
  }
  return replies;
}

void Socket::join(unsigned group) {
  if (::setsockopt(descriptor_.get(), SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof group) !=
      0) {
    throw os::Error(errno, "setsockopt", "NETLINK_ADD_MEMBERSHIP");
  }
}

Socket::Received Socket::receive(const OnMessage& on_message) {
  const int error = receiver_.receive(descriptor(), Receiver::kReplySlots, MSG_DONTWAIT);
  if (error == EAGAIN) return {};
  if (error == ENOBUFS) {
    discard_queue();
    return {.more = true, .overrun = true};
  }
  if (error != 0 && error != EINTR) throw os::Error(error, "recvmmsg");
  Received received{.more = true};
  for (const Datagram& datagram : receiver_.datagrams()) {
    Messages message(datagram.bytes);
    while (message.next()) on_message(message);
    if (message.malformed() || datagram.truncated()) received.overrun = true;
  }
  receiver_.grow();
  return received;
}

// After an overrun the kernel drops every message until the queue is empty, without another report.
void Socket::discard_queue() {
  int error = 0;
  do {
    error = receiver_.receive(descriptor(), Receiver::kReplySlots, MSG_DONTWAIT);
  } while (receiver_.filled() || error == EINTR || error == ENOBUFS);
  if (error != 0 && error != EAGAIN) throw os::Error(error, "recvmmsg");
}

}  // namespace netlink
