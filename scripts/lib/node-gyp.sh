# shellcheck shell=bash
# The settings of node-gyp. Sourced at the root of the project.

# Uses the headers that are installed with Node.js, if there are any: node-gyp then needs no
# download.
use_installed_headers() {
  local prefix
  prefix=$(node -p 'require("node:path").resolve(process.execPath, "../..")')
  if [[ -e $prefix/include/node/node_api.h ]]; then export npm_config_nodedir=$prefix; fi
}

export JOBS=max
