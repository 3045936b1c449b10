# shellcheck shell=bash
# The npm packages of the project. Sourced at its root.

# Installs exactly the packages of the lock file, unless that was done. None of their scripts is run.
install_packages() {
  [[ package-lock.json -nt node_modules/.package-lock.json ]] || return 0
  echo "${0##*/}: installing the npm packages ..." >&2
  npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
}
