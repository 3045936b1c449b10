// Requests to the controller of generic netlink on the running kernel. Every Linux has it, and it
// needs no capabilities.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "netlink/socket.h"
#include "os/descriptor.h"
#include "test/random.h"

namespace test {

/// A deadline so long that waiting for it is noticed.
constexpr std::chrono::milliseconds kDeadline{30'000};

/// Opens a socket of generic netlink.
netlink::Socket open_controller();
/// Opens the descriptor of such a socket.
os::Descriptor open_descriptor();

/// Appends a query for a family.
void add_query(netlink::MessageBatch& batch, std::string_view family);
/// Appends a command that the controller does not have: EOPNOTSUPP.
void add_unknown(netlink::MessageBatch& batch);
/// Appends a command of a family that does not exist: ENOENT.
void add_familyless(netlink::MessageBatch& batch);
/// Appends a message that the kernel executes without doing anything.
void add_nothing(netlink::MessageBatch& batch);

/// Returns the name of the family in a reply.
std::string name_of(const netlink::Messages& message);
/// Lists the families, and checks that the list is complete.
std::vector<std::string> list_families(netlink::Socket& socket);

/// A random batch, and the result that is expected of each message.
struct ControllerBatch {
  netlink::MessageBatch batch;
  std::vector<std::optional<int>> errors;  ///< no value: a reply with data

  ControllerBatch(Random& random, size_t messages);
  /// Runs the batch, and compares the results.
  void check(netlink::Socket& socket);
};

}  // namespace test
