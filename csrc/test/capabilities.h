// Calls without capabilities.
#pragma once

#include <doctest/doctest.h>
#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <thread>

namespace test {

/// Calls `action` without capabilities, on a thread of its own, because they belong to threads.
template <typename Action>
void without_capabilities(Action action) {
  std::thread([&] {
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> none{};
    REQUIRE(::syscall(SYS_capset, &header, none.data()) == 0);
    action();
  }).join();
}

}  // namespace test
