#include "test/fake_kernel.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>

namespace test {
namespace {

// Splits a datagram. A parser of its own, which trusts the sender.
FakeKernel::Request split(const wire::Buffer& datagram) {
  FakeKernel::Request request{datagram.size(), {}};
  for (size_t at = 0; at + sizeof(nlmsghdr) <= datagram.size();) {
    nlmsghdr header{};
    std::memcpy(&header, datagram.data() + at, sizeof header);
    if (header.nlmsg_len < sizeof header || header.nlmsg_len > datagram.size() - at) break;
    const auto begin = datagram.begin() + static_cast<ptrdiff_t>(at);
    request.messages.push_back(
        {header, {begin + sizeof header, begin + static_cast<ptrdiff_t>(header.nlmsg_len)}});
    at += (header.nlmsg_len + 3U) & ~3U;
  }
  return request;
}

}  // namespace

FakeKernel::FakeKernel(Behaviour behaviour) : behaviour_(std::move(behaviour)) {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    throw std::system_error(errno, std::generic_category(), "socketpair");
  }
  client_ = os::Descriptor(ends[0]);
  server_ = os::Descriptor(ends[1]);
  thread_ = std::thread([this] { serve(); });
}

FakeKernel::~FakeKernel() {
  ::shutdown(server_.get(), SHUT_RDWR);
  thread_.join();
}

void FakeKernel::serve() {
  wire::Buffer buffer(1 << 20);
  for (;;) {
    const ssize_t count = ::recv(server_.get(), buffer.data(), buffer.size(), 0);
    if (count <= 0) return;
    const Request request = split({buffer.begin(), buffer.begin() + count});
    {
      const std::lock_guard lock(mutex_);
      requests_.push_back(request);
    }
    behaviour_(request, [this](const wire::Buffer& datagram) { send(datagram); });
  }
}

void FakeKernel::send(const wire::Buffer& datagram) const {
  // The socket may be closed.
  (void)::send(server_.get(), datagram.data(), datagram.size(), MSG_NOSIGNAL);
}

std::vector<FakeKernel::Request> FakeKernel::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

}  // namespace test
