# shellcheck shell=bash
# Builds of csrc/CMakeLists.txt, each in a folder of build-native. Sourced at the root of the
# project, after cli.sh.

# Builds with a sanitizer. Further arguments go to cmake-js.
build_native() { # build_native SANITIZER [ARG...]
  local build=build-native/$1/build
  # CMake rejects a cache that was made in another folder.
  grep -qsxF "CMAKE_HOME_DIRECTORY:INTERNAL=$PWD/csrc" "$build/CMakeCache.txt" || rm -rf "$build"
  local options=(--debug --directory csrc --out "$build" --CDIPVS_SANITIZE="$1" "${@:2}")
  # A build alone keeps the settings of the first one.
  quietly node_modules/.bin/cmake-js configure "${options[@]}"
  quietly node_modules/.bin/cmake-js build "${options[@]}" --parallel "$(nproc)"
}

# Runs a program without address space randomization: the sanitizers of older compilers fail with
# the amount of it that recent kernels use.
at_fixed_addresses() { # at_fixed_addresses COMMAND [ARG...]
  if setarch --addr-no-randomize true 2>/dev/null; then
    setarch --addr-no-randomize "$@"
  else
    "$@"
  fi
}
