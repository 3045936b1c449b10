#include "test/fake_ipvs.h"

#include <linux/genetlink.h>
#include <linux/ip_vs.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <iterator>

#include "ipvs/codec.h"
#include "netlink/message.h"
#include "test/wire.h"

namespace test {
namespace {

using ipvs::Fields;
using netlink::MessageBatch;
using wire::Buffer;

// Returns the payload of a message whose attributes `put` appends.
template <typename Put>
Buffer payload_of(Put put) {
  MessageBatch batch;
  batch.begin(0, 0, genlmsghdr{}, netlink::ReplyKind::kErrorOnly);
  put(batch);
  batch.end();
  const auto bytes = batch.bytes().subspan(sizeof(nlmsghdr));
  return {bytes.begin(), bytes.end()};
}

Buffer payload_of(const ipvs::Service& service) {
  return payload_of([&](MessageBatch& batch) { ipvs::put_service(batch, service, Fields::kFull); });
}

Buffer payload_of(const ipvs::Destination& destination) {
  return payload_of(
      [&](MessageBatch& batch) { ipvs::put_destination(batch, destination, Fields::kFull); });
}

}  // namespace

ipvs::Service service_at(uint16_t port) {
  ipvs::Service service{};
  service.key.family = AF_INET;
  service.key.protocol = 6;
  service.key.address = {10, 96, 0, 1};
  service.key.port = port;
  service.netmask = 0xffffffff;
  service.scheduler.assign("rr");
  return service;
}

ipvs::Destination destination_at(uint16_t port) {
  ipvs::Destination destination{};
  destination.key.family = AF_INET;
  destination.key.address = {10, 0, 0, 2};
  destination.key.port = port;
  destination.weight = 1;
  return destination;
}

bool has_destination(ipvs::Operation operation) {
  using ipvs::Operation;
  static constexpr Operation kOperations[] = {
      Operation::kAddDestination, Operation::kUpdateDestination, Operation::kEnsureDestination,
      Operation::kSetDestination, Operation::kDeleteDestination, Operation::kGetDestination};
  return std::find(std::begin(kOperations), std::end(kOperations), operation) !=
         std::end(kOperations);
}

ipvs::Request request_for(ipvs::Operation operation, uint16_t service, uint16_t destination) {
  ipvs::Request request{};
  request.operation = static_cast<uint32_t>(operation);
  request.service = service_at(service);
  if (has_destination(operation)) request.destination = destination_at(destination);
  return request;
}

bool is_list(const FakeKernel::Message& message) {
  return (message.header.nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;
}

void answer_disturbed(const FakeKernel::Behaviour& answer, Disturbance disturbance,
                      const FakeKernel::Request& request, const FakeKernel::Reply& reply) {
  std::vector<Buffer> replies;
  answer(request, [&](const Buffer& datagram) { replies.push_back(datagram); });
  if (disturbance == Disturbance::kDuplicated) {
    replies[1] = replies[0];
  } else {
    replies.erase(replies.begin());
    replies.back()[6] |= std::byte{NLM_F_DUMP_INTR};  // nlmsg_flags
  }
  for (const Buffer& each : replies) reply(each);
}

FakeKernel::Behaviour FakeIpvs::behaviour() {
  return [this](const auto& request, const auto& reply) {
    for (const auto& message : request.messages) answer(message, reply);
  };
}

void FakeIpvs::answer(const FakeKernel::Message& message, const FakeKernel::Reply& reply) {
  const nlmsghdr& header = message.header;
  if (header.nlmsg_type == NLMSG_NOOP) return reply(wire::error_reply(header, 0));
  if (header.nlmsg_type == GENL_ID_CTRL) {
    return reply(wire::data(header, payload_of([&](MessageBatch& batch) {
                              batch.put<uint16_t>(CTRL_ATTR_FAMILY_ID, id_);
                            })));
  }
  if (messages++ == renumber_at) ++id_;
  if (header.nlmsg_type != id_) return reply(wire::error_reply(header, ENOENT));
  answer_ipvs(message, reply);
}

void FakeIpvs::answer_ipvs(const FakeKernel::Message& message, const FakeKernel::Reply& reply) {
  nlmsghdr header = message.header;
  const auto command = std::to_integer<uint8_t>(message.payload.at(0));
  const netlink::Attributes attributes(netlink::Bytes(message.payload).subspan(sizeof(genlmsghdr)));
  const auto service = ipvs::read_service(attributes);
  const auto destination = ipvs::read_destination(attributes, AF_INET);
  const auto found = service ? table.find(service->service.key.port) : table.end();

  if ((header.nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP) {
    header.nlmsg_flags = NLM_F_MULTI;
    const auto send = [&](const auto& object) { reply(wire::message(header, payload_of(object))); };
    if (command == IPVS_CMD_GET_SERVICE) {
      for (const auto& each : table) send(each.second.service);
    } else if (found != table.end()) {
      for (const auto& each : found->second.destinations) send(each.second);
    }
    header.nlmsg_type = NLMSG_DONE;
    return reply(wire::message(header, wire::raw(int32_t{0})));
  }
  if (command == IPVS_CMD_GET_INFO) {
    return reply(wire::data(header, payload_of([](MessageBatch& batch) {
                              batch.put<uint32_t>(IPVS_INFO_ATTR_VERSION, 0x010201);
                            })));
  }
  if (command == IPVS_CMD_GET_SERVICE) {
    return reply(found == table.end() ? wire::error_reply(header, ESRCH)
                                      : wire::data(header, payload_of(found->second.service)));
  }
  const int error = execute(command, service, destination);
  const auto port = static_cast<uint16_t>(destination ? destination->destination.key.port : 0);
  commands.push_back({command, service->service.key.port, port, error});
  if (error != 0) reply(wire::error_reply(header, error));
}

int FakeIpvs::execute(uint8_t command, const std::optional<ipvs::ServiceEntry>& service,
                      const std::optional<ipvs::DestinationEntry>& destination) {
  const uint16_t port = service->service.key.port;
  const auto found = table.find(port);
  const bool exists = found != table.end();
  switch (command) {
    case IPVS_CMD_NEW_SERVICE:
      return table.try_emplace(port, Entry{service->service, {}}).second ? 0 : EEXIST;
    case IPVS_CMD_SET_SERVICE:
      if (exists) found->second.service = service->service;
      return exists ? 0 : ESRCH;
    case IPVS_CMD_DEL_SERVICE:
      return table.erase(port) == 1 ? 0 : ESRCH;
    default:
      break;
  }
  if (!exists) return ESRCH;
  auto& destinations = found->second.destinations;
  const ipvs::Destination& given = destination->destination;
  switch (command) {
    case IPVS_CMD_NEW_DEST:
      return destinations.emplace(given.key.port, given).second ? 0 : EEXIST;
    case IPVS_CMD_SET_DEST:
      return destinations.contains(given.key.port) ? (destinations[given.key.port] = given, 0)
                                                   : ENOENT;
    case IPVS_CMD_DEL_DEST:
      return destinations.erase(given.key.port) == 1 ? 0 : ENOENT;
    default:
      return EOPNOTSUPP;
  }
}

}  // namespace test
