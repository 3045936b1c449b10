# shellcheck shell=bash
# Programs that come as npm packages and are kept outside of the project. Sourced by scripts.
# shellcheck source-path=SCRIPTDIR source=cache-folder.sh
source "${BASH_SOURCE[0]%/*}/cache-folder.sh"

fail() { # fail MESSAGE
  printf '%s: %s\n' "${0##*/}" "$*" >&2
  exit 126
}

# Downloads a package completely or not at all, unless its program is in the folder already.
fetch_package() { # fetch_package PACKAGE@VERSION FOLDER PROGRAM
  local scratch log parent
  [[ ! -x $2/$3 ]] || return 0
  command -v npm >/dev/null || fail "cannot download $1: npm is not installed"
  printf '%s: downloading %s into %s ...\n' "${0##*/}" "$1" "$2" >&2
  parent=$(dirname "$2")
  { mkdir -p "$parent" && scratch=$(mktemp -d "$parent/.download.XXXXXX"); } ||
    fail "cannot write $parent: set the variable that --help names to another folder"
  if ! log=$(npm install --prefix "$scratch" --no-save --ignore-scripts --no-audit --no-fund \
    --loglevel=error "$1" 2>&1); then
    printf '%s\n' "$log" >&2
    rm -rf "$scratch"
    fail "cannot download $1 (see above)"
  fi
  # Another process may have downloaded the same at the same time.
  mv -T "$scratch/node_modules/${1%@*}" "$2" 2>/dev/null || true
  rm -rf "$scratch"
  [[ -x $2/$3 ]] || fail "cannot write $2"
}
