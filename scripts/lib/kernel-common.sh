# shellcheck shell=bash
# What the parts of scripts/kernel have in common: messages, Debian packages, temporary folders.

scripts=$(readlink -f "${BASH_SOURCE[0]%/*}/..")
scratch=()

note() { # note MESSAGE
  printf 'kernel: %s\n' "$*" >&2
}

fail() { # fail STATUS MESSAGE
  note "$2"
  exit "$1"
}

# Installs the packages of scripts/setup's purposes.
setup() { # setup PURPOSE...
  "$scripts/setup" "$@" || exit 126
}

# Has a path deleted when the script ends.
remove_at_end() { # remove_at_end PATH
  scratch+=("$1")
}

remove_scratch() {
  rm -rf "${scratch[@]}"
}
