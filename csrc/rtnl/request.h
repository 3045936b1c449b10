// The records of requests and of their results.
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
  uint32_t operation;  ///< Operation; another number is refused
  uint32_t settings;   ///< the given settings and options (kUp ...)
  LinkKey link;        ///< of a list: empty for all links
  uint32_t up;         ///< 0 or 1
  uint32_t mtu;        ///< bytes
  uint32_t family;     ///< of a list of addresses: AF_INET, AF_INET6, or 0 for both
  Name<32> kind;       ///< of a list of links: their kind, or empty for all
  uint32_t first_address;
  uint32_t addresses;  ///< the number of its addresses

  static constexpr uint32_t kUp = 1U << 0;
  static constexpr uint32_t kMtu = 1U << 1;
  static constexpr uint32_t kPrune = 1U << 2;  ///< of a plan: delete addresses that are not wanted
};

/// Not sent: the link is not a dummy.
inline constexpr Status kOtherKind = netlink::own_status(0);
/// Not sent: the link has the address with settings that the kernel does not change.
inline constexpr Status kOtherSettings = netlink::own_status(1);
/// Not sent: a wanted address belongs to another link. Of a plan, the text is its index.
inline constexpr Status kOtherLink = netlink::own_status(2);

struct Result {
  int32_t error;     ///< errno, or 0
  uint32_t status;   ///< Status
  uint32_t text;     ///< 1 + the index of the kernel's words in Response::texts, or 0
  uint32_t created;  ///< of an ensure: 1 if the object was created
  uint32_t changed;  ///< of an ensure: 1 if the object was created or changed
  uint32_t first_link;
  uint32_t links;
  uint32_t first_address;
  uint32_t addresses;
  uint32_t first_change;
  uint32_t changes;  ///< of a plan, whose result also has its link
};

struct Response : netlink::Response<Result> {
  std::vector<Link> links;
  std::vector<LinkAddress> addresses;
  std::vector<AddressSettings> changes;
};

static_assert(std::is_trivially_copyable_v<Request> && std::is_standard_layout_v<Request>);

}  // namespace rtnl
