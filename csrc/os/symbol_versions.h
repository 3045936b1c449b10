// Keeps a build on a recent system loadable on old ones: glibc 2.28, and the libstdc++ of GCC 5,
// which is what Node.js itself asks for. scripts/check-prebuild tells whether that holds.
//
// glibc 2.34 moved the threads from libpthread into libc, and gave the functions a new version by
// which older systems do not have them. The first version is the same function, and everywhere.
// On old systems it is in libpthread, which Node.js has loaded. The standard library calls them
// too, so binding.gyp includes this before every source.
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
