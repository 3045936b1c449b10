// A network namespace of the test's own.
#pragma once

#include <doctest/doctest.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <future>
#include <string>
#include <thread>

namespace test {

/// A thread in a network namespace of its own, which is there as long as the thread is.
class OtherNamespace {
 public:
  OtherNamespace() : thread_([this] { live(); }) { entered_.get_future().wait(); }
  ~OtherNamespace() {
    leave_.set_value();
    thread_.join();
  }
  OtherNamespace(const OtherNamespace&) = delete;
  OtherNamespace& operator=(const OtherNamespace&) = delete;

  /// False where we may not have one, which is said aloud. What is in the way of tests is in the
  /// way of users too: EPERM, and that is tested everywhere.
  bool exists() const {
    if (!exists_) MESSAGE("NOT TESTED: another network namespace takes root with CAP_SYS_ADMIN");
    return exists_;
  }
  const std::string& path() const { return path_; }

 private:
  void live() {
    exists_ = ::unshare(CLONE_NEWNET) == 0;
    path_ = "/proc/self/task/" + std::to_string(::syscall(SYS_gettid)) + "/ns/net";
    entered_.set_value();
    leave_.get_future().wait();
  }

  bool exists_ = false;
  std::string path_;
  std::promise<void> entered_;
  std::promise<void> leave_;
  std::thread thread_;
};

}  // namespace test
