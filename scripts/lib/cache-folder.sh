# shellcheck shell=bash
# The cache folder of the user, which keeps what the scripts download and build. Sourced by scripts.

# Prints the folder of that name in the cache folder.
cache_folder() { # cache_folder NAME
  realpath -m -- "${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/$1"
}
