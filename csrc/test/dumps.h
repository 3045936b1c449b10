// Dumps of numbered items, on both ends: the fake kernel's and the socket's.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "netlink/socket.h"
#include "test/fake_kernel.h"
#include "test/wire.h"

namespace test {

constexpr uint16_t kItem = 30;  ///< message type of requests for dumps, and of items

/// Returns the message of an item, whose payload is its number and `size` zeros.
wire::Buffer item(const nlmsghdr& request, uint32_t number, uint16_t flags = 0, size_t size = 0);
/// Returns the message that ends a dump.
wire::Buffer done(const nlmsghdr& request, int error = 0, std::string_view words = {});
/// Returns a batch with a request for a dump.
netlink::MessageBatch dump_request();

/// Replies to requests for dumps by `answer`, and follows instructions otherwise.
FakeKernel::Behaviour dumping(
    std::function<void(const nlmsghdr& request, const FakeKernel::Reply& reply)> answer);
/// Replies with the items 0, 1 and 2, for dumping().
void dump_three(const nlmsghdr& request, const FakeKernel::Reply& reply);

struct Dump {
  std::vector<uint32_t> items;
  std::vector<size_t> sizes;  ///< of the messages of items
  netlink::Socket::DumpEnd end;
  int error = 0;
  std::string text;
  std::chrono::milliseconds elapsed{};

  /// Returns true if the dump neither failed nor was interrupted.
  bool is_complete() const { return error == 0 && !end.interrupted; }
};

Dump dump(netlink::Socket& socket);
/// Checks that a batch works, whatever has happened to the socket.
void check_batch_works(netlink::Socket& socket);
/// Checks that a dump of dump_three() and a batch work.
void check_works(netlink::Socket& socket);
/// Returns the numbers [0, count), the items of a complete dump.
std::vector<uint32_t> numbers(uint32_t count);

}  // namespace test
