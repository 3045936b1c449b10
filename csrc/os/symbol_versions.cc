// What inline functions of libstdc++ refer to, and older libraries lack: definitions of our own,
// which nobody else sees.
#include "os/symbol_versions.h"

#include <new>

#if __has_include(<sys/single_threaded.h>)
#include <sys/single_threaded.h>
// glibc 2.32: whether std::shared_ptr may count without atomic operations. Never.
[[gnu::visibility("hidden")]] char __libc_single_threaded = 0;
#endif

#ifdef __GLIBCXX__
// GCC 11: what an allocation of more than there is of addresses comes to.
namespace std {
// NOLINTNEXTLINE(bugprone-reserved-identifier): it is the library that chose the name
[[noreturn, gnu::visibility("hidden")]] void __throw_bad_array_new_length() {
  throw bad_array_new_length();
}
}  // namespace std
#endif
