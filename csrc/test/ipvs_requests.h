// Requests to an IPVS client, and the table of services that a fake IPVS has before them.
#pragma once

#include <cstdint>
#include <vector>

#include "ipvs/request.h"
#include "test/fake_ipvs.h"

namespace test {

/// A request. It names an object that no other request changes, so that each command that the
/// kernel executes belongs to one request.
struct Wanted {
  ipvs::Operation operation;
  uint16_t service = 0;
  uint16_t destination = 0;
  uint32_t changes = 0;
};
inline constexpr Wanted kWanted[] = {
    {ipvs::Operation::kAddService, 10},
    {ipvs::Operation::kAddService, 1},  // is there
    {ipvs::Operation::kAddService, 11},
    {ipvs::Operation::kEnsureService, 2},
    {ipvs::Operation::kEnsureService, 12},  // is not there
    {ipvs::Operation::kUpdateService, 3, 0, ipvs::Changes::kScheduler},
    {ipvs::Operation::kUpdateService, 13, 0, ipvs::Changes::kScheduler},  // is not there
    {ipvs::Operation::kSetService, 7},
    {ipvs::Operation::kSetService, 17},  // is not there
    {ipvs::Operation::kDeleteService, 4},
    {ipvs::Operation::kDeleteService, 14},  // is not there
    {ipvs::Operation::kGetService, 5},
    {ipvs::Operation::kGetService, 15},  // is not there
    {ipvs::Operation::kAddDestination, 5, 3},
    {ipvs::Operation::kAddDestination, 5, 1},   // is there
    {ipvs::Operation::kAddDestination, 16, 1},  // has no service
    {ipvs::Operation::kEnsureDestination, 5, 2},
    {ipvs::Operation::kEnsureDestination, 5, 4},  // is not there
    {ipvs::Operation::kUpdateDestination, 6, 1, ipvs::Changes::kWeight},
    {ipvs::Operation::kUpdateDestination, 6, 9, ipvs::Changes::kWeight},  // is not there
    {ipvs::Operation::kSetDestination, 7, 1},
    {ipvs::Operation::kSetDestination, 7, 9},  // is not there
    {ipvs::Operation::kDeleteDestination, 6, 2},
    {ipvs::Operation::kDeleteDestination, 6, 8},  // is not there
    {ipvs::Operation::kListDestinations, 5},
    {ipvs::Operation::kGetDestination, 6, 1},
    {ipvs::Operation::kListServices},
    {ipvs::Operation::kListDestinations, 6},
};
constexpr size_t kRequests = std::size(kWanted);

ipvs::Request request_of(const Wanted& wanted);
/// Returns the requests of kWanted.
std::vector<ipvs::Request> requests();
/// Returns services of the ports 1 to 7, each with destinations of the ports 1 and 2.
FakeIpvs::Table initial_table();
/// Returns true if the operation changes nothing.
bool is_query(ipvs::Operation operation);

}  // namespace test
