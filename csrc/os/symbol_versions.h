// Makes an addon that is built on a recent system load on old ones: glibc 2.28 and the libstdc++ of
// GCC 5, which Node.js itself needs. scripts/check-prebuild checks that.
//
// glibc 2.34 moved the thread functions from libpthread to libc and gave them a new symbol version,
// which older systems do not have. The first version is the same function, and exists everywhere:
// on old systems in libpthread, which Node.js has loaded. The standard library calls these
// functions too, so binding.gyp includes this file before every source.
#pragma once

#include <features.h>

#if defined(__GLIBC__) && defined(__x86_64__)
#define IPVS_FIRST_GLIBC "GLIBC_2.2.5"
#elif defined(__GLIBC__) && defined(__aarch64__)
#define IPVS_FIRST_GLIBC "GLIBC_2.17"
#endif

#ifdef IPVS_FIRST_GLIBC
__asm__(".symver pthread_create, pthread_create@" IPVS_FIRST_GLIBC);
__asm__(".symver pthread_detach, pthread_detach@" IPVS_FIRST_GLIBC);
__asm__(".symver pthread_join, pthread_join@" IPVS_FIRST_GLIBC);
__asm__(".symver pthread_mutex_trylock, pthread_mutex_trylock@" IPVS_FIRST_GLIBC);
__asm__(".symver pthread_sigmask, pthread_sigmask@" IPVS_FIRST_GLIBC);
#endif
