# shellcheck shell=bash
# Installation of the npm packages. Sourced at the root of the project.

# Installs exactly the packages of the lock file, unless they are installed. Runs none of their
# scripts.
install_packages() {
  [[ package-lock.json -nt node_modules/.package-lock.json ]] || return 0
  echo "${0##*/}: installing the npm packages ..." >&2
  npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
}
