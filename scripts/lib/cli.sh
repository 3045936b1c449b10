# shellcheck shell=bash
# What the scripts have in common: the report of wrong usage, and commands that print only errors.

# Reports wrong usage, and exits with 2.
usage_error() { # usage_error MESSAGE
  printf '%s: %s (see scripts/%s --help)\n' "${0##*/}" "$1" "${0##*/}" >&2
  exit 2
}

# Checks that the option at the front has a value behind it.
needs_value() { # needs_value "$@"
  (($# > 1)) || usage_error "$1 needs a value"
}

# Runs a command, and prints its output only if it fails.
quietly() { # quietly COMMAND [ARG...]
  local log
  if ! log=$("$@" 2>&1); then
    printf '%s\n' "$log" >&2
    return 1
  fi
}
