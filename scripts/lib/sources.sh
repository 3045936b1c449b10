# shellcheck shell=bash disable=SC2034
# The lists of C, C++ and shell sources. Sourced at the root of the project.

mapfile -t cpp_sources < <(
  find csrc bench scripts -name 'build*' -prune -o \( -name '*.h' -o -name '*.cc' -o -name '*.c' \) -print |
    sort
)
mapfile -t shell_sources < <(
  grep -rlE '^#!/usr/bin/env bash|^# shellcheck shell=bash' scripts .ci | sort
)
# clang-tidy checks the code that ships; it includes the headers.
mapfile -t tidy_sources < <(
  printf '%s\n' "${cpp_sources[@]}" | grep -E '\.cc$' | grep -v '^csrc/test/'
)
