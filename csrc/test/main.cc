// Runs the tests. `native_test --help` lists the options that select some.
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <cstdio>

#include "test/random.h"

int main(int argc, char** argv) {
  std::printf("seed: %llu (IPVS_TEST_SEED sets another)\n",
              static_cast<unsigned long long>(test::Random::seed()));
  return doctest::Context(argc, argv).run();
}
