#include "ipvs/loading.h"

#include <doctest/doctest.h>
#include <sys/socket.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>

#include "os/descriptor.h"

namespace loading = ipvs::loading;
using std::chrono::milliseconds;

namespace {

constexpr loading::Scope kOne = 1001;
constexpr loading::Scope kOther = 1002;
constexpr milliseconds kLong{60000};

// Work that goes on until it is let go. The test and the work own it.
struct Gate {
  std::atomic<bool> open{false};
  std::atomic<bool> passed{false};

  void pass() {
    while (!open) std::this_thread::sleep_for(milliseconds(1));
    passed = true;
  }
};

}  // namespace

TEST_CASE("work that ends in time has ended, and holds up nobody") {
  auto done = std::make_shared<std::atomic<bool>>(false);
  CHECK(loading::run(
      kOne, [done] { *done = true; }, kLong));
  CHECK(*done);
  CHECK(loading::settled(kOne));
}

TEST_CASE("work that does not end is left alone, and holds up its scope until it does") {
  auto gate = std::make_shared<Gate>();
  CHECK_FALSE(loading::run(
      kOne, [gate] { gate->pass(); }, milliseconds(20)));
  CHECK_FALSE(gate->passed);
  CHECK_FALSE(loading::settled(kOne));
  CHECK(loading::settled(kOther));
  gate->open = true;
  while (!loading::settled(kOne)) std::this_thread::sleep_for(milliseconds(1));
  CHECK(gate->passed);
}

TEST_CASE("others of the scope wait for the work, no longer than it does itself") {
  auto gate = std::make_shared<Gate>();
  std::atomic<bool> in_time{false};
  std::thread loader([&] {
    in_time = loading::run(
        kOne, [gate] { gate->pass(); }, kLong);
  });
  // The first to run before the other has begun would find nothing to wait for.
  std::atomic<bool> waited{false};
  std::thread opener([&] {
    std::this_thread::sleep_for(milliseconds(50));
    waited = true;
    gate->open = true;
  });
  while (loading::settled(kOne) && !waited) std::this_thread::sleep_for(milliseconds(1));
  CHECK(loading::settled(kOne));
  CHECK(waited);
  loader.join();
  opener.join();
  CHECK(in_time);
}

TEST_CASE("several loads of a scope are all waited for") {
  auto first = std::make_shared<Gate>();
  auto second = std::make_shared<Gate>();
  CHECK_FALSE(loading::run(
      kOne, [first] { first->pass(); }, milliseconds(1)));
  CHECK_FALSE(loading::run(
      kOther, [second] { second->pass(); }, milliseconds(1)));
  first->open = true;
  while (!loading::settled(kOne)) std::this_thread::sleep_for(milliseconds(1));
  CHECK_FALSE(loading::settled(kOther));
  second->open = true;
  while (!loading::settled(kOther)) std::this_thread::sleep_for(milliseconds(1));
}

TEST_CASE("the scope of sockets of one network namespace is the same") {
  const os::Descriptor one(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0));
  const os::Descriptor two(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0));
  CHECK(loading::scope_of(one.get()) == loading::scope_of(two.get()));
  CHECK(loading::scope_of(one.get()) != loading::kFamily);
}

TEST_CASE("a module that no kernel has is not loaded, and dashes are underscores") {
  CHECK_FALSE(loading::is_loaded("ipvs_no_such_module"));
  // Every kernel has parameters of its own.
  CHECK(loading::is_loaded("kernel") == loading::is_loaded("kernel"));
}
