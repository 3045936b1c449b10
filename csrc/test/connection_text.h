// Rows of the connection table, parsed and as text.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <string>
#include <string_view>

#include "ipvs/connection_row.h"
#include "test/random.h"

namespace test {

/// A parsed row that owns its strings.
struct Row {
  ipvs::Connection connection{};
  std::string state;
  std::string engine;
  std::string engine_data;

  ipvs::ConnectionRow view() const { return {connection, state, engine, engine_data}; }
  bool operator==(const Row& other) const;
};

Row row_of(const ipvs::ConnectionRow& view);

/// Returns a number in hexadecimal, with at least `digits` digits.
std::string hex(uint32_t value, int digits, bool upper);

/// Prints a row as the kernel does, without the newline.
std::string print(const Row& row, ipvs::ConnectionFile file);

ipvs::ConnectionFile random_file(Random& random);
/// Returns a row with few different values, so that equal ones are frequent.
Row random_row(Random& random, ipvs::ConnectionFile file);

/// A row that a kernel has printed, and its fields.
struct RealRow {
  ipvs::ConnectionFile file;
  const char* line;
  uint16_t protocol;
  uint16_t family;
  uint16_t destination_family;
  bool is_template;
  const char* state;
  uint32_t expires;
  const char* engine_data;
};

inline constexpr auto kRows = ipvs::ConnectionFile::kConnections;
inline constexpr auto kOrigins = ipvs::ConnectionFile::kOrigins;

// Printed by Linux 6.1.176 and 7.2.7, which differ only in the order; the last two are written by
// hand after the source of the kernel.
inline constexpr RealRow kReal[] = {
    {kRows, "TCP 0A000007 0400 0A600001 0050 7F000002 1F90 ESTABLISHED     892", IPPROTO_TCP,
     AF_INET, AF_INET, false, "ESTABLISHED", 892, ""},
    {kRows, "TCP 0A000007 0402 0A600001 0056 7F000002 0056 CLOSE             2", IPPROTO_TCP,
     AF_INET, AF_INET, false, "CLOSE", 2, ""},
    {kRows, "TCP 0A000000 0000 0A600001 0055 7F000002 1F90 ASSURED          52", IPPROTO_TCP,
     AF_INET, AF_INET, true, "ASSURED", 52, ""},
    {kRows, "UDP 0A000007 0402 0A600001 13C4 7F000002 1F90 UDP             297", IPPROTO_UDP,
     AF_INET, AF_INET, false, "UDP", 297, ""},
    {kRows,
     "UDP 0A000007 0000 0A600001 13C4 7F000002 1F90 ASSURED          57 sip "
     "\xe9\"<z>\\%[{~`@10.0.0.7",
     IPPROTO_UDP, AF_INET, AF_INET, true, "ASSURED", 57, "\xe9\"<z>\\%[{~`@10.0.0.7"},
    {kRows, "SCTP 0A000007 0400 0A600001 0050 7F000002 1F90 INIT1             1", IPPROTO_SCTP,
     AF_INET, AF_INET, false, "INIT1", 1, ""},
    {kRows, "SCTP 0A010007 0402 0A600001 0052 0A010002 1F90 S-RECEIVED       60", IPPROTO_SCTP,
     AF_INET, AF_INET, false, "S-RECEIVED", 60, ""},
    {kRows,
     "UDP 0A000007 0400 0A600001 0036 fd03:0000:0000:0000:0000:0000:0000:0002 0036 UDP            "
     " 297",
     IPPROTO_UDP, AF_INET, AF_INET6, false, "UDP", 297, ""},
    {kRows,
     "TCP fd96:0000:0000:0000:0000:0000:0000:0001 0400 fd96:0000:0000:0000:0000:0000:0000:0001 "
     "0050 fd02:0000:0000:0000:0000:0000:0000:0002 1F90 ESTABLISHED     897",
     IPPROTO_TCP, AF_INET6, AF_INET6, false, "ESTABLISHED", 897, ""},
    {kRows, "IP  0A000007 0000 00000007 0000 7F000002 0000 NONE             57", IPPROTO_IP,
     AF_INET, AF_INET, true, "NONE", 57, ""},
    {kRows,
     "IP  fd96:0000:0000:0000:0000:0000:0000:0001 0000 0000:0007:0000:0000:0000:0000:0000:0000 "
     "0000 fd02:0000:0000:0000:0000:0000:0000:0002 0000 NONE             57",
     IPPROTO_IP, AF_INET6, AF_INET6, true, "NONE", 57, ""},
    {kOrigins, "TCP 0A000007 0401 0A600001 0055 7F000002 1F90 ESTABLISHED LOCAL      900",
     IPPROTO_TCP, AF_INET, AF_INET, false, "ESTABLISHED", 900, ""},
    {kOrigins, "IP  0A000007 0000 00000007 0000 7F000002 0000 NONE        LOCAL       60",
     IPPROTO_IP, AF_INET, AF_INET, true, "NONE", 60, ""},
    {kRows, "IP_50 0A000007 01F4 0A600001 01F4 7F000002 01F4 NONE              1", 50, AF_INET,
     AF_INET, false, "NONE", 1, ""},
    {kRows,
     "ICMPv6 fd96:0000:0000:0000:0000:0000:0000:0001 0001 "
     "fd96:0000:0000:0000:0000:0000:0000:0001 0000 fd02:0000:0000:0000:0000:0000:0000:0002 0000 "
     "ERR!              9",
     IPPROTO_ICMPV6, AF_INET6, AF_INET6, false, "ERR!", 9, ""},
};

}  // namespace test
