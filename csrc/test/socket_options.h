// Buffer sizes of sockets.
#pragma once

#include <doctest/doctest.h>
#include <sys/socket.h>

namespace test {

/// Sets an option of SOL_SOCKET. Returns the value that the kernel made of it.
inline int set_option(int fd, int name, int value) {
  socklen_t length = sizeof value;
  REQUIRE(::setsockopt(fd, SOL_SOCKET, name, &value, length) == 0);
  REQUIRE(::getsockopt(fd, SOL_SOCKET, name, &value, &length) == 0);
  return value;
}

}  // namespace test
