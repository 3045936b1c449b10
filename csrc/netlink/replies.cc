#include "netlink/replies.h"

#include <algorithm>
#include <cerrno>
#include <string>

namespace netlink {

ChunkReplies::ChunkReplies(const Chunk& chunk, uint32_t port, const OnData& on_data,
                           std::vector<Failure>& failures)
    : chunk_(chunk),
      port_(port),
      on_data_(on_data),
      failures_(failures),
      first_failure_(failures.size()),
      answered_(chunk.size()) {}

bool ChunkReplies::read(const Datagram& datagram) {
  bool progress = false;
  Messages message(datagram.bytes);
  while (message.next()) progress = read(message) || progress;

  const nlmsghdr& header = message.header();
  const bool ours = belongs(header);
  // A truncated chunk of an earlier dump says nothing about this batch. A datagram without a header
  // may be anything.
  if (header.nlmsg_len != 0 && !ours) return progress;
  if (ours && datagram.truncated()) return read_truncated(header) || progress;
  if ((message.malformed() || datagram.truncated()) && error_ == 0) error_ = EBADMSG;
  return progress;
}

// True for a reply to the chunk or to its sentinel, rather than to somebody else or to an earlier
// request.
bool ChunkReplies::belongs(const nlmsghdr& header) const {
  return header.nlmsg_pid == port_ && chunk_.place_of(header) <= chunk_.size();
}

bool ChunkReplies::set_answered(size_t place) {
  if (answered_[place]) return false;
  answered_[place] = true;
  return true;
}

bool ChunkReplies::read(const Messages& message) {
  const nlmsghdr& header = message.header();
  if (!belongs(header)) return false;
  const uint32_t place = chunk_.place_of(header);
  const bool is_error = header.nlmsg_type == NLMSG_ERROR;
  if (place == chunk_.size()) {
    acknowledged_ = acknowledged_ || is_error;
    return false;
  }
  if (!is_error) {
    const bool progress = set_answered(place);
    largest_reply_ = std::max<size_t>(largest_reply_, header.nlmsg_len);
    on_data_(chunk_.first + place, message);
    return progress;
  }
  const ErrorReply reply = read_error_reply(message);
  if (reply.malformed && reply.error == EBADMSG) {
    if (error_ == 0) error_ = EBADMSG;
    return false;
  }
  if (reply.error == 0 || !set_answered(place)) return false;
  failures_.push_back(
      {chunk_.first + place, reply.error, Status::kRefused, std::string(reply.text)});
  return true;
}

// The kernel puts one reply in a datagram, so that a truncated one says nothing about other
// requests.
bool ChunkReplies::read_truncated(const nlmsghdr& header) {
  const uint32_t place = chunk_.place_of(header);
  largest_reply_ = std::max<size_t>(largest_reply_, header.nlmsg_len);
  if (place == chunk_.size() || !set_answered(place)) return false;
  failures_.push_back({chunk_.first + place, EMSGSIZE, Status::kLost, {}});
  return true;
}

void ChunkReplies::finish(const MessageBatch& batch) {
  // After the sentinel's acknowledgement, silence means that a command succeeded. A query always
  // has a reply.
  for (size_t place = 0; place < chunk_.size(); ++place) {
    if (answered_[place]) continue;
    const size_t index = chunk_.first + place;
    const bool command = batch.entries()[index].reply_kind == ReplyKind::kErrorOnly;
    if (command && acknowledged_ && error_ == 0) continue;
    failures_.push_back({index, error_ != 0 ? error_ : ENODATA, Status::kLost, {}});
  }
  std::sort(failures_.begin() + static_cast<ptrdiff_t>(first_failure_), failures_.end(),
            [](const Failure& a, const Failure& b) { return a.index < b.index; });
}

bool DumpReplies::read(const Datagram& datagram) {
  bool progress = false;
  bool data = false;
  Messages message(datagram.bytes);
  while (message.next()) {
    const nlmsghdr& header = message.header();
    if (header.nlmsg_pid != port_ || header.nlmsg_seq != sequence_) continue;  // of another request
    progress = true;
    data = read(message) || data;
  }
  if (data) ++datagrams_;
  if (datagram.truncated()) {
    interrupted_ = true;
  } else if (message.malformed()) {
    malformed_ = true;
  }
  return progress;
}

// Reads a message of the dump. True for a message of data.
bool DumpReplies::read(const Messages& message) {
  const nlmsghdr& header = message.header();
  if (header.nlmsg_flags & NLM_F_DUMP_INTR) interrupted_ = true;
  if (header.nlmsg_type == NLMSG_DONE || header.nlmsg_type == NLMSG_ERROR) {
    done_ = true;
    const ErrorReply reply = read_error_reply(message);
    if (reply.error != 0)
      refusal_.emplace(Status::kRefused, reply.error, "dump", std::string(reply.text));
    return false;
  }
  if (header.nlmsg_type < NLMSG_MIN_TYPE) return false;
  (*on_message_)(message);
  return true;
}

}  // namespace netlink
