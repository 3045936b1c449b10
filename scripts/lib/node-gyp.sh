# shellcheck shell=bash
# What node-gyp compiles with. Sourced at the root of the project.

# The headers that come with Node.js spare node-gyp a download, where they are installed with it.
use_installed_headers() {
  local prefix
  prefix=$(node -p 'require("node:path").resolve(process.execPath, "../..")')
  if [[ -e $prefix/include/node/node_api.h ]]; then export npm_config_nodedir=$prefix; fi
}

# Prints what a command prints, if it fails.
quietly() {
  local log
  if ! log=$("$@" 2>&1); then
    printf '%s\n' "$log" >&2
    return 1
  fi
}

export JOBS=max
