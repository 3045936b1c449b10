// Another network namespace than that of the process.
#pragma once

#include <doctest/doctest.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <future>
#include <string>
#include <thread>

namespace test {

/// A network namespace that lasts as long as the object, kept open by a thread in it.
class OtherNamespace {
 public:
  OtherNamespace() : thread_([this] { run(); }) { entered_.get_future().wait(); }
  ~OtherNamespace() {
    leave_.set_value();
    thread_.join();
  }
  OtherNamespace(const OtherNamespace&) = delete;
  OtherNamespace& operator=(const OtherNamespace&) = delete;

  /// Returns false, with a message, without the right to create a namespace. Users lack the same
  /// right then, and the EPERM that they get is tested everywhere.
  bool exists() const {
    if (!exists_) MESSAGE("NOT TESTED: another network namespace takes root with CAP_SYS_ADMIN");
    return exists_;
  }
  const std::string& path() const { return path_; }

 private:
  void run() {
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
