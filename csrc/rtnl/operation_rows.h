// The table of the operations of a client, for its source files only.
#pragma once

#include <cstdint>
#include <iterator>

#include "rtnl/client.h"
#include "rtnl/codec.h"

namespace rtnl {

/// How an operation is executed: by a method. `put` encodes the message of an address, and `list`
/// appends objects to the response.
struct Client::Row {
  Operation operation;
  void (Client::*run)(Range);
  void (*put)(netlink::MessageBatch&, uint32_t, const AddressSettings&) = nullptr;
  void (Client::*list)(size_t request) = nullptr;
};

struct Client::Operations {
  static constexpr Row kRows[] = {
      {.operation = Operation::kListLinks, .run = &Client::run_lists, .list = &Client::list_links},
      {Operation::kGetLink, &Client::run_link_queries},
      {Operation::kEnsureDummy, &Client::run_dummy_ensures},
      {Operation::kSetLink, &Client::run_link_commands},
      {Operation::kDeleteLink, &Client::run_link_commands},
      {.operation = Operation::kListAddresses,
       .run = &Client::run_lists,
       .list = &Client::list_addresses},
      {Operation::kAddAddress, &Client::run_address_commands, put_new_address},
      {Operation::kEnsureAddress, &Client::run_address_ensures},
      {Operation::kReplaceAddress, &Client::run_address_commands, put_replace_address},
      {Operation::kDeleteAddress, &Client::run_address_commands, put_delete_address},
      {.operation = Operation::kPlanAddresses,
       .run = &Client::run_lists,
       .list = &Client::plan_addresses},
  };
  static constexpr Row kUnknown{Operation::kCount, &Client::refuse_unknown};
  static constexpr netlink::OperationTable<Client, Row, std::size(kRows)> kTable{kRows, kUnknown};
  static_assert(kTable.is_complete());
};

}  // namespace rtnl
