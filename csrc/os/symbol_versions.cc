// Hidden definitions of symbols that inline functions of libstdc++ use and older libraries lack.
#include "os/symbol_versions.h"

#include <new>

#if __has_include(<sys/single_threaded.h>)
#include <sys/single_threaded.h>
// glibc 2.32: true if std::shared_ptr may count without atomic operations.
[[gnu::visibility("hidden")]] char __libc_single_threaded = 0;
#endif

#ifdef __GLIBCXX__
// GCC 11: thrown by an allocation that is larger than the address space.
namespace std {
// NOLINTNEXTLINE(bugprone-reserved-identifier): the name is the library's
[[noreturn, gnu::visibility("hidden")]] void __throw_bad_array_new_length() {
  throw bad_array_new_length();
}
}  // namespace std
#endif
