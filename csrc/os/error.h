// The exception of the native code: an errno, the call that failed, and an explanation.
#pragma once

#include <string>
#include <system_error>
#include <utility>

namespace os {

class Error : public std::system_error {
 public:
  /// @param syscall the name of the call that failed ("socket", "recvmmsg", "setns" ...)
  /// @param text the extended acknowledgement of the kernel (NLMSGERR_ATTR_MSG) or an explanation
  ///   of ours; empty if there is none
  Error(int error, std::string syscall, std::string text = {})
      : std::system_error(error, std::generic_category(), syscall),
        syscall_(std::move(syscall)),
        text_(std::move(text)) {}

  int error() const { return code().value(); }
  const std::string& syscall() const { return syscall_; }
  const std::string& text() const { return text_; }

 private:
  std::string syscall_;
  std::string text_;
};

}  // namespace os
