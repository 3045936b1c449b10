# shellcheck shell=bash
# What the parts of scripts/kernel share.

scripts=$(readlink -f "${BASH_SOURCE[0]%/*}/..")
scratch=()

note() {
  printf 'kernel: %s\n' "$*" >&2
}

fail() { # fail STATUS MESSAGE
  note "$2"
  exit "$1"
}

setup() {
  "$scripts/setup" "$@" || exit 126
}

remove_at_end() {
  scratch+=("$1")
}

remove_scratch() {
  rm -rf "${scratch[@]}"
}
