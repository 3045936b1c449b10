# shellcheck shell=bash disable=SC2034
# The sources that are not biome's to find. Sourced at the root of the project.
mapfile -t cpp_sources < <(find csrc bench -name 'build*' -prune -o -name '*.h' -print -o -name '*.cc' -print -o -name '*.c' -print | sort)
mapfile -t shell_sources < <(grep -rlE '^#!/usr/bin/env bash|^# shellcheck shell=bash' scripts .ci | sort)
# clang-tidy looks at what ships: the headers come with it.
mapfile -t tidy_sources < <(printf '%s\n' "${cpp_sources[@]}" | grep -E '\.cc$' | grep -v '^csrc/test/')
