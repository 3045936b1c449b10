#include "ipvs/module_loader.h"

#include <doctest/doctest.h>
#include <sys/socket.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>

#include "os/descriptor.h"

namespace module_loader = ipvs::module_loader;
using std::chrono::milliseconds;

namespace {

constexpr module_loader::Scope kOne = 1001;
constexpr module_loader::Scope kOther = 1002;
constexpr milliseconds kLong{60000};

// Blocks work until the test opens it. The test and the work share it.
struct Latch {
  std::atomic<bool> open{false};
  std::atomic<bool> passed{false};

  void wait() {
    while (!open) std::this_thread::sleep_for(milliseconds(1));
    passed = true;
  }
};

}  // namespace

TEST_CASE("work that ends in time has ended and blocks nobody") {
  auto done = std::make_shared<std::atomic<bool>>(false);
  CHECK(module_loader::run(
      kOne, [done] { *done = true; }, kLong));
  CHECK(*done);
  CHECK(module_loader::wait_for_loads(kOne));
}

TEST_CASE("work that does not end is abandoned, and blocks its scope until it ends") {
  auto latch = std::make_shared<Latch>();
  CHECK_FALSE(module_loader::run(
      kOne, [latch] { latch->wait(); }, milliseconds(20)));
  CHECK_FALSE(latch->passed);
  CHECK_FALSE(module_loader::wait_for_loads(kOne));
  CHECK(module_loader::wait_for_loads(kOther));
  latch->open = true;
  while (!module_loader::wait_for_loads(kOne)) std::this_thread::sleep_for(milliseconds(1));
  CHECK(latch->passed);
}

TEST_CASE("work waits for other work of its scope no longer than that takes") {
  auto latch = std::make_shared<Latch>();
  std::atomic<bool> in_time{false};
  std::thread loader([&] {
    in_time = module_loader::run(
        kOne, [latch] { latch->wait(); }, kLong);
  });
  // Opens the latch only after settled() has had time to block.
  std::atomic<bool> waited{false};
  std::thread opener([&] {
    std::this_thread::sleep_for(milliseconds(50));
    waited = true;
    latch->open = true;
  });
  while (module_loader::wait_for_loads(kOne) && !waited) {
    std::this_thread::sleep_for(milliseconds(1));
  }
  CHECK(module_loader::wait_for_loads(kOne));
  CHECK(waited);
  loader.join();
  opener.join();
  CHECK(in_time);
}

TEST_CASE("all loads of a scope block it") {
  auto first = std::make_shared<Latch>();
  auto second = std::make_shared<Latch>();
  CHECK_FALSE(module_loader::run(
      kOne, [first] { first->wait(); }, milliseconds(1)));
  CHECK_FALSE(module_loader::run(
      kOther, [second] { second->wait(); }, milliseconds(1)));
  first->open = true;
  while (!module_loader::wait_for_loads(kOne)) std::this_thread::sleep_for(milliseconds(1));
  CHECK_FALSE(module_loader::wait_for_loads(kOther));
  second->open = true;
  while (!module_loader::wait_for_loads(kOther)) std::this_thread::sleep_for(milliseconds(1));
}

TEST_CASE("sockets of one network namespace have the same scope") {
  const os::Descriptor one(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0));
  const os::Descriptor two(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0));
  CHECK(module_loader::scope_of(one.get()) == module_loader::scope_of(two.get()));
  CHECK(module_loader::scope_of(one.get()) != module_loader::kFamily);
}

TEST_CASE("a module that no kernel has is not loaded, and dashes equal underscores") {
  CHECK_FALSE(module_loader::is_loaded("ipvs_no_such_module"));
  // A name that every kernel has under /sys/module.
  CHECK(module_loader::is_loaded("kernel") == module_loader::is_loaded("kernel"));
}
