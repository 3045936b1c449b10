#include "os/files.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "os/descriptor.h"

namespace os {
namespace {

constexpr size_t kMaxBytes = 64 * 1024;

int read_file(File& file) {
  const Descriptor descriptor(::open(file.path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!descriptor) return errno;
  file.text.resize(kMaxBytes);
  size_t length = 0;
  while (length < kMaxBytes) {
    const ssize_t count = ::read(descriptor.get(), file.text.data() + length, kMaxBytes - length);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno;
    if (count == 0) break;
    length += static_cast<size_t>(count);
  }
  file.text.resize(length);
  return 0;
}

int write_file(const File& file) {
  const Descriptor descriptor(::open(file.path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!descriptor) return errno;
  while (::write(descriptor.get(), file.text.data(), file.text.size()) < 0) {
    if (errno != EINTR) return errno;
  }
  return 0;
}

}  // namespace

void read_files(const Namespace& netns, Files& files) {
  netns.enter([&] {
    for (File& file : files) {
      file.error = read_file(file);
      if (file.error != 0) file.text.clear();
    }
  });
}

void write_files(const Namespace& netns, Files& files) {
  netns.enter([&] {
    bool failed = false;
    for (File& file : files) {
      file.error = failed ? ECANCELED : write_file(file);
      failed = failed || file.error != 0;
    }
  });
}

}  // namespace os
