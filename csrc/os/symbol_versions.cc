// Hidden definitions of symbols that inline functions of libstdc++ use and older libraries lack.
#include "os/symbol_versions.h"

#include <new>
#include <typeinfo>

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

#ifndef __cpp_rtti
// GCC 9: true if the argument is the tag of std::make_shared() in code with run-time type
// information. There is none: std::make_shared() of this addon is recognized by another tag.
// Declared by its symbol, because <memory> declares the function with default visibility.
[[gnu::visibility("hidden")]] bool is_make_shared_tag(const std::type_info& /*tag*/) noexcept
    __asm__("_ZNSt19_Sp_make_shared_tag5_S_eqERKSt9type_info");
bool is_make_shared_tag(const std::type_info& /*tag*/) noexcept { return false; }
#endif
#endif
