#include "test/connection_text.h"

#include <sys/socket.h>

#include <array>
#include <cstdio>
#include <initializer_list>
#include <map>

#include "test/wire.h"

namespace test {
namespace {

using ipvs::Address;
using ipvs::Connection;
using ipvs::ConnectionFile;
using ipvs::Origin;

std::string address_text(const Address& address, uint16_t family) {
  std::string text;
  for (size_t i = 0; i < (family == AF_INET ? 4 : 16); ++i) {
    if (family == AF_INET6 && i > 0 && i % 2 == 0) text += ':';
    text += hex(address[i], 2, family == AF_INET);
  }
  return text;
}

std::string padded(std::string text, int width) {
  const auto wanted = static_cast<size_t>(width < 0 ? -width : width);
  while (text.size() < wanted) text.insert(width < 0 ? text.size() : 0, 1, ' ');
  return text;
}

std::string protocol_text(uint16_t protocol) {
  static const std::map<uint16_t, std::string> kNames = {{6, "TCP"},  {17, "UDP"}, {132, "SCTP"},
                                                         {1, "ICMP"}, {0, "IP"},   {58, "ICMPv6"}};
  const auto found = kNames.find(protocol);
  return found != kNames.end() ? found->second : "IP_" + std::to_string(protocol);
}

Address random_address(Random& random, uint16_t family) {
  Address address{};
  address[0] = static_cast<uint8_t>(random.between(1, 2));
  address[family == AF_INET ? 3 : 15] = static_cast<uint8_t>(random.below(3));
  if (random.chance(10)) {
    for (size_t i = 0; i < (family == AF_INET ? 4 : 16); ++i) address[i] = random.number<uint8_t>();
  }
  return address;
}

template <typename Value>
Value pick(Random& random, std::initializer_list<Value> list) {
  return list.begin()[random.below(list.size())];
}

}  // namespace

bool Row::operator==(const Row& other) const {
  return wire::raw(connection) == wire::raw(other.connection) && state == other.state &&
         engine == other.engine && engine_data == other.engine_data;
}

Row row_of(const ipvs::ConnectionRow& view) {
  return {view.connection, std::string(view.state), std::string(view.engine),
          std::string(view.engine_data)};
}

std::string hex(uint32_t value, int digits, bool upper) {
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), upper ? "%0*X" : "%0*x", digits, value);
  return text.data();
}

std::string print(const Row& row, ConnectionFile file) {
  const Connection& entry = row.connection;
  std::string text = padded(protocol_text(entry.protocol), -3);
  const auto place = [&](const Address& address, uint16_t family, uint16_t port) {
    text += ' ' + address_text(address, family) + ' ' + hex(port, 4, true);
  };
  place(entry.client, entry.family, entry.client_port);
  place(entry.virtual_address, entry.family, entry.virtual_port);
  place(entry.destination, entry.destination_family, entry.destination_port);
  text += ' ' + padded(row.state, -11);
  if (file == ConnectionFile::kOrigins) {
    const bool local = entry.origin == static_cast<uint16_t>(Origin::kLocal);
    text += ' ' + padded(local ? "LOCAL" : "SYNC", -6);
  }
  text += ' ' + padded(std::to_string(entry.expires), 7);
  if (!row.engine.empty()) text += ' ' + row.engine + ' ' + row.engine_data;
  return text;
}

ConnectionFile random_file(Random& random) {
  return random.chance(50) ? ConnectionFile::kConnections : ConnectionFile::kOrigins;
}

Row random_row(Random& random, ConnectionFile file) {
  Row row;
  Connection& entry = row.connection;
  entry.family = random.chance(50) ? AF_INET : AF_INET6;
  entry.destination_family = random.chance(80) ? entry.family : AF_INET;
  entry.protocol = pick<uint16_t>(random, {6, 17, 132, 1, 58, 0, 50, 65535});
  entry.client = random_address(random, entry.family);
  entry.virtual_address = random_address(random, entry.family);
  entry.destination = random_address(random, entry.destination_family);
  entry.client_port = pick<uint16_t>(random, {0, 1, 0xabcd});
  entry.virtual_port = pick<uint16_t>(random, {0, 80, 443, 65535});
  entry.destination_port = pick<uint16_t>(random, {0, 80, 8080});
  entry.expires = random.number<uint32_t>();
  row.state = pick<std::string>(random, {"NONE", "ASSURED", "ESTABLISHED", "FIN_WAIT", "ERR!"});
  const bool resting = row.state == "NONE" || row.state == "ASSURED";
  if (resting && entry.client_port == 0) entry.flags = Connection::kTemplate;
  if (file == ConnectionFile::kOrigins) {
    entry.origin = static_cast<uint16_t>(random.chance(50) ? Origin::kLocal : Origin::kSync);
  } else if (random.chance(20)) {
    row.engine = "sip";
    row.engine_data = random.word(random.between(1, 30)) + pick<std::string>(random, {"", " @ x "});
  }
  return row;
}

}  // namespace test
