# shellcheck shell=bash
# The npm packages of the project. Sourced at its root.

# Installs them, in the versions of the lock file, unless that was done. Nothing of them is run. It is not `npm ci`, which
# refuses a lock file that lacks the packages of platforms that the registry at hand does not carry.
install_packages() {
  [[ package-lock.json -nt node_modules/.package-lock.json ]] || return 0
  echo "${0##*/}: installing the npm packages ..." >&2
  npm install --no-save --ignore-scripts --no-audit --no-fund --loglevel=error
}
