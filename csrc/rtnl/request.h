// What a client is asked and what it answers: plain records, a batch of the one for a batch of the
// other.
#pragma once

#include <span>
#include <vector>

#include "netlink/response.h"
#include "rtnl/types.h"

namespace rtnl {

using netlink::Status;

enum class Operation : uint32_t {
  kListLinks,
  kGetLink,
  kEnsureDummy,
  kSetLink,
  kDeleteLink,
  kListAddresses,
  kAddAddress,
  kEnsureAddress,
  kReplaceAddress,
  kDeleteAddress,
  kPlanAddresses,
  kCount,
};

struct Request {
  uint32_t operation;  ///< Operation; a number beyond it is refused
  uint32_t settings;   ///< what is set or asked for (kUp ...)
  LinkKey link;        ///< of a list: none where both parts are empty, and then all links
  uint32_t up;         ///< 0 or 1
  uint32_t mtu;        ///< bytes
  uint32_t family;     ///< of a list of addresses: AF_INET, AF_INET6, or 0 for both
  Name<32> kind;       ///< of a list of links: its kind, or empty for all
  uint32_t first_address;
  uint32_t addresses;  ///< how many of the batch's addresses are this request's

  static constexpr uint32_t kUp = 1U << 0;
  static constexpr uint32_t kMtu = 1U << 1;
  static constexpr uint32_t kPrune = 1U << 2;  ///< of a plan: delete what is not wanted
};

/// The link is not a dummy: it is left alone.
inline constexpr Status kOtherKind = netlink::own_status(0);
/// The link has the address with settings that the kernel does not change.
inline constexpr Status kOtherSettings = netlink::own_status(1);
/// A wanted address is for another link; of a plan, the text is its place.
inline constexpr Status kOtherLink = netlink::own_status(2);

struct Result {
  int32_t error;     ///< errno, or 0
  uint32_t status;   ///< Status
  uint32_t text;     ///< 1 + the place of the kernel's words in Results::texts, or 0
  uint32_t created;  ///< of ensure: 1 if the object was not there before
  uint32_t changed;  ///< of ensure: 1 if anything was sent to change it
  uint32_t first_link;
  uint32_t links;
  uint32_t first_address;
  uint32_t addresses;
  uint32_t first_change;
  uint32_t changes;  ///< of a plan, which also tells of its link
};

struct Response : netlink::Response<Result> {
  std::vector<Link> links;
  std::vector<LinkAddress> addresses;
  std::vector<AddressSettings> changes;
};

static_assert(std::is_trivially_copyable_v<Request> && std::is_standard_layout_v<Request>);

}  // namespace rtnl
