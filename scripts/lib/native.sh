# shellcheck shell=bash
# Builds of csrc/CMakeLists.txt, each in a folder of build-native. Sourced at the root of the project.

# Builds with a sanitizer; says nothing unless it fails. Further arguments go to cmake-js.
build_native() { # build_native SANITIZER [ARG...]
  local log build=build-native/$1/build
  # A cache that was made in another folder is of no use.
  grep -qsxF "CMAKE_HOME_DIRECTORY:INTERNAL=$PWD/csrc" "$build/CMakeCache.txt" || rm -rf "$build"
  if ! log=$(node_modules/.bin/cmake-js build --debug --directory csrc --out "$build" \
    --CDIPVS_SANITIZE="$1" "${@:2}" --parallel "$(nproc)" 2>&1); then
    printf '%s\n' "$log" >&2
    exit 1
  fi
}

# Runs a program at fixed addresses: the sanitizers of older compilers do not cope with all that recent kernels randomise.
at_fixed_addresses() {
  if setarch --addr-no-randomize true 2>/dev/null; then
    setarch --addr-no-randomize "$@"
  else
    "$@"
  fi
}
