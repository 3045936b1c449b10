# shellcheck shell=bash
# What the command lines of the scripts have in common.

# Reports wrong usage, and exits with 2.
usage_error() { # usage_error MESSAGE
  printf '%s: %s (see scripts/%s --help)\n' "${0##*/}" "$1" "${0##*/}" >&2
  exit 2
}

# Requires that an option is followed by its value: needs_value "$@"
needs_value() {
  (($# > 1)) || usage_error "$1 needs a value"
}
