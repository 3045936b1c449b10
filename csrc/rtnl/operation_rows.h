// The table of the operations of a client, for its source files only.
#pragma once

#include <cstdint>
#include <iterator>

#include "rtnl/client.h"
#include "rtnl/codec.h"

namespace rtnl {

/// How an operation is executed: by a method, and for an address by the message that `put` encodes.
struct Client::Row {
  Operation operation;
  void (Client::*run)(Range);
  void (*put)(netlink::MessageBatch&, uint32_t, const AddressSettings&) = nullptr;
};

struct Client::Operations {
  static constexpr Row kRows[] = {
      {Operation::kListLinks, &Client::run_lists},
      {Operation::kGetLink, &Client::run_link_queries},
      {Operation::kEnsureDummy, &Client::run_dummy_ensures},
      {Operation::kSetLink, &Client::run_link_commands},
      {Operation::kDeleteLink, &Client::run_link_commands},
      {Operation::kListAddresses, &Client::run_lists},
      {Operation::kAddAddress, &Client::run_address_commands, put_new_address},
      {Operation::kEnsureAddress, &Client::run_address_ensures},
      {Operation::kReplaceAddress, &Client::run_address_commands, put_replace_address},
      {Operation::kDeleteAddress, &Client::run_address_commands, put_delete_address},
      {Operation::kPlanAddresses, &Client::run_lists},
  };
  static constexpr Row kUnknown{Operation::kCount, &Client::refuse_unknown};
  static constexpr netlink::OperationTable<Client, Row, std::size(kRows)> kTable{kRows, kUnknown};
  static_assert(kTable.is_complete());
};

}  // namespace rtnl
