// IPVS, as far as operations on services and destinations show it, to be the behaviour of a fake
// kernel. Services are told apart by port, destinations by service and port.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "ipvs/types.h"
#include "test/fake_kernel.h"

namespace test {

ipvs::Service service_at(uint16_t port);
ipvs::Destination destination_at(uint16_t port);

class FakeIpvs {
 public:
  struct Entry {
    ipvs::Service service;
    std::map<uint16_t, ipvs::Destination> destinations;
  };
  using Table = std::map<uint16_t, Entry>;
  /// A command and what became of it.
  struct Deed {
    uint8_t command;
    uint16_t service;
    uint16_t destination;  ///< 0: none
    int error;
  };

  Table table;
  std::vector<Deed> deeds;
  /// The message of IPVS, counted from 0, from which on the family has another id.
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
