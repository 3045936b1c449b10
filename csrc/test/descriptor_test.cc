#include "os/descriptor.h"

#include <doctest/doctest.h>
#include <fcntl.h>

#include <utility>

using os::Descriptor;

namespace {

int open_something() { return ::open("/dev/null", O_RDONLY | O_CLOEXEC); }
bool is_open(int fd) { return ::fcntl(fd, F_GETFD) != -1; }

}  // namespace

TEST_CASE("a descriptor is closed once, by its last owner") {
  const int first = open_something();
  const int second = open_something();
  {
    Descriptor owner(first);
    CHECK(owner);
    CHECK(owner.get() == first);

    Descriptor heir(std::move(owner));
    CHECK(heir.get() == first);
    CHECK_FALSE(owner);  // NOLINT(bugprone-use-after-move): that is what is looked at
    CHECK(is_open(first));

    {
      Descriptor other(second);
      other = std::move(heir);
      CHECK(other.get() == first);
    }
    CHECK_FALSE(is_open(first));
  }
  CHECK_FALSE(is_open(second));
}

TEST_CASE("an empty descriptor is false and closes nothing") {
  const Descriptor none;
  CHECK_FALSE(none);
  CHECK(none.get() == -1);
  const Descriptor failed(-1);
  CHECK_FALSE(failed);
}
