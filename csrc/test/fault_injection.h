// Fault injection: faults in the replies of a fake kernel.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <vector>

#include "test/fake_kernel.h"
#include "test/wire.h"

namespace test {

enum class Fault : uint8_t {
  kNone,
  // These change nothing.
  kDuplicated,     ///< it arrives twice
  kStraySequence,  ///< a reply to no request precedes it
  kStrayPort,      ///< a reply to another socket precedes it
  kReordered,      ///< it follows the next one
  kInterrupted,    ///< a signal precedes it: EINTR
  // After these a result may be lost.
  kTruncated,      ///< half of it arrives
  kOversized,      ///< it is larger than any reply, and truncated
  kOverrun,        ///< there is no room for it: ENOBUFS
  kOverrunToEnd,   ///< there is no room for it and all that follow
  kWrongSequence,  ///< it has another sequence number; only of replies that the client expects
  kNoReply,        ///< it and all that follow never arrive, without an error
};

struct NamedFault {
  Fault fault;
  const char* name;
  bool harmless;
};
inline constexpr std::array<NamedFault, 12> kFaults = {{
    {Fault::kNone, "none", true},
    {Fault::kDuplicated, "duplicated", true},
    {Fault::kStraySequence, "stray sequence number", true},
    {Fault::kStrayPort, "stray port", true},
    {Fault::kReordered, "reordered", true},
    {Fault::kInterrupted, "interrupted", true},
    {Fault::kTruncated, "truncated", false},
    {Fault::kOversized, "oversized", false},
    {Fault::kOverrun, "overrun", false},
    {Fault::kOverrunToEnd, "overrun to the end", false},
    {Fault::kWrongSequence, "wrong sequence number", false},
    {Fault::kNoReply, "no reply", false},
}};

/// The deadlines with which a fault is tried, until it has had an effect: on a busy machine, a
/// client with a short one may not even find IPVS.
inline std::vector<std::chrono::milliseconds> deadlines_for(const NamedFault& fault) {
  using std::chrono::milliseconds;
  if (fault.harmless) return {milliseconds{30'000}};
  return {milliseconds{20}, milliseconds{200}, milliseconds{1'000}};
}

/// Forwards the replies of a fake kernel, with a fault in the datagram at one position.
///
/// Injects nothing that netlink rules out, because no client could notice it: nothing follows the
/// last datagram of an exchange, and no refusal or chunk of a list is lost without ENOBUFS.
class FaultInjector {
 public:
  FaultInjector(Fault fault, size_t position);
  ~FaultInjector();
  FaultInjector(const FaultInjector&) = delete;
  FaultInjector& operator=(const FaultInjector&) = delete;

  /// Returns a behaviour that must not outlive the injector.
  FakeKernel::Behaviour wrap(FakeKernel::Behaviour behaviour);
  /// Returns true if there were enough replies to reach the position.
  bool triggered() const { return replies_ > position_; }
  /// Returns how many replies there were.
  size_t replies() const { return replies_; }

 private:
  void forward(std::vector<wire::Buffer> replies, const FakeKernel::Reply& reply);

  Fault fault_;
  size_t position_;
  std::atomic<size_t> replies_ = 0;
};

}  // namespace test
