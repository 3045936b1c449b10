// What may go wrong on the way of a reply.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <vector>

#include "test/fake_kernel.h"
#include "test/wire.h"

namespace test {

enum class Fault : uint8_t {
  kNone,
  // These change nothing.
  kDoubled,        ///< it comes twice
  kStraySequence,  ///< something that nobody asked for comes before it
  kStrayPort,      ///< something for somebody else comes before it
  kSwapped,        ///< it comes after the one behind it
  kInterrupted,    ///< a signal comes before it: EINTR
  // After these something may be lost.
  kCut,         ///< half of it comes
  kOverlong,    ///< it is larger than any reply, and truncated
  kOverrun,     ///< there is no room for it: ENOBUFS
  kOverrunAll,  ///< nor for any behind it
  kRelabelled,  ///< it has another sequence number; not of what the kernel says unasked
  kSilence,     ///< neither it nor any behind it comes, and nothing says so
};

struct NamedFault {
  Fault fault;
  const char* name;
  bool harmless;
};
inline constexpr std::array<NamedFault, 12> kFaults = {{
    {Fault::kNone, "none", true},
    {Fault::kDoubled, "doubled", true},
    {Fault::kStraySequence, "stray sequence number", true},
    {Fault::kStrayPort, "stray port", true},
    {Fault::kSwapped, "swapped", true},
    {Fault::kInterrupted, "interrupted", true},
    {Fault::kCut, "cut", false},
    {Fault::kOverlong, "overlong", false},
    {Fault::kOverrun, "overrun", false},
    {Fault::kOverrunAll, "overrun to the end", false},
    {Fault::kRelabelled, "relabelled", false},
    {Fault::kSilence, "silence", false},
}};

/// Passes on what a fake kernel replies, and does a fault to the datagram at one position.
///
/// What netlink rules out is not done, because no client could tell: nothing comes after the last
/// datagram of an exchange, which says that it is the last, and no refusal or part of a list is
/// lost without ENOBUFS.
class FaultInjector {
 public:
  FaultInjector(Fault fault, size_t position);
  ~FaultInjector();
  FaultInjector(const FaultInjector&) = delete;
  FaultInjector& operator=(const FaultInjector&) = delete;

  /// Must not outlive the injector.
  FakeKernel::Behaviour wrap(FakeKernel::Behaviour behaviour);
  /// Whether the position was reached.
  bool triggered() const { return replies_ > position_; }
  /// How many replies there were.
  size_t replies() const { return replies_; }

 private:
  void pass(std::vector<wire::Buffer> replies, const FakeKernel::Reply& reply);

  Fault fault_;
  size_t position_;
  std::atomic<size_t> replies_ = 0;
};

}  // namespace test
