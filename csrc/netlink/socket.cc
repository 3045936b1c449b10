#include "netlink/socket.h"

#include <sys/time.h>

#include <algorithm>
#include <bit>
#include <cerrno>

namespace netlink {
namespace {

// What a queued reply takes of the receive buffer, at worst: a bare error is charged 768 to 896
// bytes by the kernel, a message of data the memory that it is built in: 8 KiB, or the next power
// of two for one that is larger.
constexpr size_t kErrorCost = 1024;
constexpr size_t kLeastDataCost = 8192;
constexpr size_t data_cost(size_t bytes) { return std::max(kLeastDataCost, 4096 + 2 * bytes); }

constexpr int kWantedBuffer = 1 << 20;  // doubled by the kernel
constexpr size_t kSendOverhead =
    64;  // what the kernel subtracts from the send buffer, and the sentinel
constexpr size_t kChunkBytes = 256 * 1024;  // larger sends gain nothing

// Starts counting at the first question, so that the usual exchange never reads the clock.
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

int option(int fd, int name) {
  int value = 0;
  socklen_t length = sizeof value;
  if (::getsockopt(fd, SOL_SOCKET, name, &value, &length) != 0)
    throw os::Error(errno, "getsockopt");
  return value;
}

void enlarge(int fd, int force, int polite) {
  // Forcing needs CAP_NET_ADMIN; without it the system's limit holds and chunks are smaller.
  if (::setsockopt(fd, SOL_SOCKET, force, &kWantedBuffer, sizeof kWantedBuffer) != 0) {
    ::setsockopt(fd, SOL_SOCKET, polite, &kWantedBuffer, sizeof kWantedBuffer);
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
  // Both are refinements of errors: a kernel without them still answers.
  ::setsockopt(descriptor.get(), SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof on);
  ::setsockopt(descriptor.get(), SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof on);
  enlarge(descriptor.get(), SO_SNDBUFFORCE, SO_SNDBUF);
  enlarge(descriptor.get(), SO_RCVBUFFORCE, SO_RCVBUF);
  return descriptor;
}

bool from_kernel(const msghdr& header) {
  const auto* sender = static_cast<const sockaddr_nl*>(header.msg_name);
  // A sender that is no netlink address is the peer of a socket pair.
  return header.msg_namelen < sizeof *sender || sender->nl_family != AF_NETLINK ||
         sender->nl_pid == 0;
}

}  // namespace

// A run of messages [first, last) that is sent as one datagram, under the sequence numbers from
// `sequence`.
struct Socket::Chunk {
  size_t first;
  size_t last;
  uint32_t sequence = 0;

  uint32_t sentinel() const { return sequence + static_cast<uint32_t>(last - first); }
};

Socket Socket::open(int protocol, const os::Namespace& netns, std::chrono::milliseconds deadline) {
  return Socket(netns.open([protocol] { return open_netlink(protocol); }), deadline);
}

Socket::Socket(os::Descriptor descriptor, std::chrono::milliseconds deadline)
    : descriptor_(std::move(descriptor)),
      deadline_(deadline),
      data_cost_(kLeastDataCost),
      buffer_(std::make_unique_for_overwrite<std::byte[]>(kMaxSlots * kFirstSlotBytes)) {
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
  send_room_ = std::min(kChunkBytes,
                        static_cast<size_t>(option(descriptor_.get(), SO_SNDBUF)) - kSendOverhead);
  reply_room_ = static_cast<size_t>(option(descriptor_.get(), SO_RCVBUF));
}

Socket::Chunk Socket::next_chunk(const MessageBatch& batch, size_t first, size_t byte_limit) const {
  size_t bytes = 0;
  size_t replies = kErrorCost;  // the sentinel's
  size_t last = first;
  for (; last < batch.size(); ++last) {
    const MessageBatch::Entry& entry = batch.entries()[last];
    bytes += entry.length;
    replies += entry.reply_kind == ReplyKind::kData ? data_cost_ : kErrorCost;
    if (last > first && (bytes > byte_limit || replies > reply_room_)) break;
  }
  return {first, last};
}

std::vector<Failure> Socket::run(MessageBatch& batch, const OnData& on_data) {
  std::vector<Failure> failures;
  size_t byte_limit = send_room_;
  int stopped = stalled_ ? ETIMEDOUT : 0;  // why nothing more is sent
  size_t first = 0;
  while (first < batch.size() && stopped == 0) {
    Chunk chunk = next_chunk(batch, first, byte_limit);
    chunk.sequence = sequence_ + 1;
    sequence_ = chunk.sentinel();
    for (size_t index = chunk.first; index < chunk.last; ++index) {
      nlmsghdr header = batch.header(index);
      header.nlmsg_seq = chunk.sequence + static_cast<uint32_t>(index - chunk.first);
      batch.write_header(index, header);
    }
    const size_t begin = batch.entries()[chunk.first].offset;
    const MessageBatch::Entry& end = batch.entries()[chunk.last - 1];
    const auto bytes = batch.bytes().subspan(begin, end.offset + end.length - begin);

    if (const int error = send(bytes, chunk.sentinel()); error == 0) {
      if (collect(batch, chunk, on_data, failures) == ETIMEDOUT) stopped = ETIMEDOUT;
      first = chunk.last;
    } else if ((error == EMSGSIZE || error == ENOBUFS) && chunk.last - chunk.first > 1) {
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
  // The kernel does nothing on a no-op and acknowledges it after all that stands before it.
  nlmsghdr sentinel{.nlmsg_len = sizeof(nlmsghdr),
                    .nlmsg_type = NLMSG_NOOP,
                    .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK,
                    .nlmsg_seq = sentinel_sequence,
                    .nlmsg_pid = 0};
  iovec parts[] = {{requests.data(), requests.size()}, {&sentinel, sizeof sentinel}};
  msghdr message{};
  message.msg_iov = parts;
  message.msg_iovlen = 2;
  for (;;) {
    if (::sendmsg(descriptor_.get(), &message, MSG_NOSIGNAL) >= 0) return 0;
    if (errno != EINTR) return errno;
  }
}

int Socket::receive(size_t slots, int flags) {
  datagrams_.clear();
  for (size_t i = 0; i < slots; ++i) {
    slots_[i] = {buffer_.get() + i * slot_bytes_, slot_bytes_};
    msghdr& header = headers_[i].msg_hdr;
    header = {};
    header.msg_name = &senders_[i];
    header.msg_namelen = sizeof(sockaddr_nl);
    header.msg_iov = &slots_[i];
    header.msg_iovlen = 1;
  }
  // MSG_TRUNC: the length is that of the datagram, also where the slot is too small for it.
  const int count = ::recvmmsg(descriptor_.get(), headers_.data(), static_cast<unsigned>(slots),
                               flags | MSG_WAITFORONE | MSG_TRUNC, nullptr);
  if (count < 0) return errno;
  for (int i = 0; i < count; ++i) {
    if (!from_kernel(headers_[i].msg_hdr)) continue;
    const size_t length = headers_[i].msg_len;
    datagrams_.push_back(
        {{static_cast<std::byte*>(slots_[i].iov_base), std::min(length, slot_bytes_)}, length});
  }
  return 0;
}

// Enlarges the slots for datagrams as long as the longest that was just received, which ends the
// life of datagrams_.
void Socket::fit_slots() {
  size_t longest = 0;
  for (const Datagram& datagram : datagrams_) longest = std::max(longest, datagram.length);
  if (longest <= slot_bytes_) return;
  datagrams_.clear();
  slot_bytes_ = std::bit_ceil(longest);
  buffer_ = std::make_unique_for_overwrite<std::byte[]>(kMaxSlots * slot_bytes_);
}

// Whether a reply is one to the chunk, or to its sentinel, rather than somebody else's or stale.
bool Socket::concerns(const nlmsghdr& header, const Chunk& chunk) const {
  const uint32_t place = header.nlmsg_seq - chunk.sequence;  // wraps, as sequence numbers do
  return header.nlmsg_pid == port_ && place <= chunk.last - chunk.first;
}

// Reads the replies to a chunk up to the sentinel's acknowledgement and notes what failed. Returns the
// errno of what kept it from being sure, or 0.
int Socket::collect(MessageBatch& batch, const Chunk& chunk, const OnData& on_data,
                    std::vector<Failure>& failures) {
  const size_t known = failures.size();
  std::vector<bool> answered(chunk.last - chunk.first);
  Deadline deadline(deadline_);
  bool finished = false;
  bool progress = false;  // something new in the last receive()
  int trouble = 0;        // why an answer may be missing

  const auto take = [&](Messages& message) {
    const nlmsghdr& header = message.header();
    if (!concerns(header, chunk)) return;
    const uint32_t place = header.nlmsg_seq - chunk.sequence;
    const bool verdict_follows = header.nlmsg_type == NLMSG_ERROR;
    if (header.nlmsg_seq == chunk.sentinel()) {
      finished = finished || verdict_follows;
      return;
    }
    const size_t index = chunk.first + place;
    if (!verdict_follows) {
      progress = progress || !answered[place];
      answered[place] = true;
      data_cost_ = std::max(data_cost_, data_cost(header.nlmsg_len));
      on_data(index, message);
      return;
    }
    const ErrorReply verdict = read_error_reply(message);
    if (verdict.malformed && verdict.error == EBADMSG) {
      if (trouble == 0) trouble = EBADMSG;
    } else if (verdict.error != 0 && !answered[place]) {
      progress = true;
      answered[place] = true;
      failures.push_back({index, verdict.error, Status::kRefused, std::string(verdict.text)});
    }
  };

  // The kernel puts one answer in a datagram, so that a cut one says nothing of other messages.
  const auto take_cut = [&](const nlmsghdr& header) {
    const uint32_t place = header.nlmsg_seq - chunk.sequence;
    data_cost_ = std::max(data_cost_, data_cost(header.nlmsg_len));
    if (header.nlmsg_seq == chunk.sentinel() || answered[place]) return;
    progress = true;
    answered[place] = true;
    failures.push_back({chunk.first + place, EMSGSIZE, Status::kLost, {}});
  };

  while (!finished) {
    // Everything was executed, and answered, within send(): after an overrun nothing more is on its
    // way.
    const int error = receive(kReplySlots, trouble == ENOBUFS ? MSG_DONTWAIT : 0);
    if (error == ENOBUFS) {
      trouble = ENOBUFS;
      continue;
    }
    if (error == EAGAIN && trouble != ENOBUFS) trouble = ETIMEDOUT;
    if (error != 0 && error != EINTR && error != EAGAIN) trouble = error;
    if (error != 0 && error != EINTR) break;
    progress = false;
    for (const Datagram& datagram : datagrams_) {
      Messages message(datagram.bytes);
      while (message.next()) take(message);
      // A cut chunk of an earlier dump says nothing of this batch. What has no header may be
      // anything.
      const nlmsghdr& header = message.header();
      const bool foreign = header.nlmsg_len != 0 && !concerns(header, chunk);
      if (foreign) continue;
      if (datagram.truncated() && concerns(header, chunk)) {
        take_cut(header);
      } else if ((message.malformed() || datagram.truncated()) && trouble == 0) {
        trouble = EBADMSG;
      }
    }
    fit_slots();
    if (progress) deadline = Deadline(deadline_);
    if (!finished && !progress && deadline.expired()) {
      trouble = ETIMEDOUT;
      break;
    }
  }

  // With the sentinel's word and no trouble, silence means success to a command. A query has no
  // such excuse.
  for (size_t index = chunk.first; index < chunk.last; ++index) {
    if (answered[index - chunk.first]) continue;
    const bool command = batch.entries()[index].reply_kind == ReplyKind::kErrorOnly;
    if (command && finished && trouble == 0) continue;
    failures.push_back({index, trouble != 0 ? trouble : ENODATA, Status::kLost, {}});
  }
  std::sort(failures.begin() + known, failures.end(),
            [](const Failure& a, const Failure& b) { return a.index < b.index; });
  return trouble;
}

void Socket::time_out(const char* syscall) {
  stalled_ = true;
  throw os::Error(ETIMEDOUT, syscall);
}

Socket::DumpEnd Socket::dump(MessageBatch& request, const OnMessage& on_message) {
  if (stalled_) time_out("send");
  start_dump(request);
  DumpReading reading = read_dump(on_message);
  if (reading.refusal && reading.refusal->error() == EBUSY) {
    // An earlier dump that ended in a timeout is still running on this socket: read it to its end.
    while (true) {
      const int error = receive(kDumpSlots, MSG_DONTWAIT);
      if (error != 0 && error != EINTR && error != ENOBUFS) break;
    }
    start_dump(request);
    reading = read_dump(on_message);
  }
  if (reading.refusal) throw *reading.refusal;
  if (reading.malformed) throw os::Error(EBADMSG, "recvmmsg", "a malformed reply");
  return reading.end;
}

void Socket::start_dump(MessageBatch& request) {
  nlmsghdr header = request.header(0);
  header.nlmsg_seq = ++sequence_;
  request.write_header(0, header);
  const auto bytes = request.bytes();
  while (::send(descriptor_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) < 0) {
    if (errno != EINTR) throw os::Error(errno, "send");
  }
}

// Reads to the end whatever happens: a dump that is left half-read would block the next one.
Socket::DumpReading Socket::read_dump(const OnMessage& on_message) {
  DumpReading reading;
  Deadline deadline(deadline_);
  bool done = false;

  const auto take = [&](const Messages& message) {
    const nlmsghdr& header = message.header();
    if (header.nlmsg_flags & NLM_F_DUMP_INTR) reading.end.interrupted = true;
    if (header.nlmsg_type == NLMSG_DONE || header.nlmsg_type == NLMSG_ERROR) {
      done = true;
      const ErrorReply verdict = read_error_reply(message);
      if (verdict.error != 0) {
        reading.refusal.emplace(verdict.error, "dump", std::string(verdict.text));
      }
      return false;
    }
    if (header.nlmsg_type < NLMSG_MIN_TYPE) return false;
    on_message(message);
    return true;
  };

  while (!done) {
    const int error = receive(kDumpSlots, 0);
    if (error == ENOBUFS) reading.end.interrupted = true;
    if (error == EAGAIN) time_out("recvmmsg");
    if (error != 0 && error != EINTR && error != ENOBUFS) throw os::Error(error, "recvmmsg");
    bool progress = false;
    for (const Datagram& datagram : datagrams_) {
      Messages message(datagram.bytes);
      bool data = false;
      while (message.next()) {
        const nlmsghdr& header = message.header();
        if (header.nlmsg_pid != port_ || header.nlmsg_seq != sequence_) continue;  // stale
        progress = true;
        data = take(message) || data;
      }
      if (data) ++reading.end.datagrams;
      if (datagram.truncated()) {
        reading.end.interrupted = true;
      } else if (message.malformed()) {
        reading.malformed = true;
      }
    }
    fit_slots();
    if (progress) deadline = Deadline(deadline_);
    if (!progress && deadline.expired()) time_out("recvmmsg");
  }
  return reading;
}

void Socket::join(unsigned group) {
  if (::setsockopt(descriptor_.get(), SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof group) !=
      0) {
    throw os::Error(errno, "setsockopt", "NETLINK_ADD_MEMBERSHIP");
  }
}

Socket::Arrival Socket::take(const OnMessage& on_message) {
  Arrival arrival;
  const int error = receive(kReplySlots, MSG_DONTWAIT);
  if (error == EAGAIN) return arrival;
  arrival.more = true;
  // Said once, before what is left in the queue.
  arrival.overrun = error == ENOBUFS;
  if (error != 0 && error != EINTR && error != ENOBUFS) throw os::Error(error, "recvmmsg");
  for (const Datagram& datagram : datagrams_) {
    Messages message(datagram.bytes);
    while (message.next()) on_message(message);
    if (message.malformed() || datagram.truncated()) arrival.overrun = true;
  }
  fit_slots();
  return arrival;
}

}  // namespace netlink
