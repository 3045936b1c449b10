// A fake IPVS: services and destinations as a client sees them. The port alone identifies a
// service, and a destination within its service.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "ipvs/request.h"
#include "test/fake_kernel.h"

namespace test {

ipvs::Service service_at(uint16_t port);
ipvs::Destination destination_at(uint16_t port);
bool has_destination(ipvs::Operation operation);
/// Returns a request that names a service and, if the operation has one, a destination by their
/// ports.
ipvs::Request request_for(ipvs::Operation operation, uint16_t service = 1,
                          uint16_t destination = 1);

/// Returns true for a request for a list.
bool is_list(const FakeKernel::Message& message);

/// How a list is disturbed: one object comes twice and another is missing, or the kernel reports an
/// interruption.
enum class Disturbance { kDuplicated, kInterrupted };

/// Replies to the request for a list as `answer` does, but disturbed.
void answer_disturbed(const FakeKernel::Behaviour& answer, Disturbance disturbance,
                      const FakeKernel::Request& request, const FakeKernel::Reply& reply);

class FakeIpvs {
 public:
  struct Entry {
    ipvs::Service service;
    std::map<uint16_t, ipvs::Destination> destinations;
  };
  using Table = std::map<uint16_t, Entry>;
  /// A command that changes the table, and its result.
  struct Command {
    uint8_t number;
    uint16_t service;
    uint16_t destination;  ///< 0: none
    int error;
  };

  Table table;
  std::vector<Command> commands;
  /// The message of IPVS, counted from 0, at which the id of the family changes.
  size_t renumber_at = SIZE_MAX;
  size_t messages = 0;

  FakeKernel::Behaviour behaviour();

 private:
  void answer(const FakeKernel::Message& message, const FakeKernel::Reply& reply);
  void answer_ipvs(const FakeKernel::Message& message, const FakeKernel::Reply& reply);
  int execute(uint8_t command, const std::optional<ipvs::ServiceEntry>& service,
              const std::optional<ipvs::DestinationEntry>& destination);

  uint16_t id_ = 30;
};

}  // namespace test
