# shellcheck shell=bash disable=SC1091,SC2154
# Finds, installs and downloads user-mode Linux kernels. Sourced by scripts/kernel. A version is a
# series such as 6.1; its release is, for example, 6.1.176.
# shellcheck source-path=SCRIPTDIR source=kernel-common.sh
source "${BASH_SOURCE[0]%/*}/kernel-common.sh"
# shellcheck source-path=SCRIPTDIR source=archives.sh
source "${BASH_SOURCE[0]%/*}/archives.sh"
# shellcheck source-path=SCRIPTDIR source=cache-folder.sh
source "${BASH_SOURCE[0]%/*}/cache-folder.sh"

versions=(6.1 6.12 7.2)
declare -A suites=([6.1]=bookworm [6.12]=trixie [7.2]=sid)

package=user-mode-linux
packaged_modules=/usr/lib/uml/modules
kernels=$(realpath -m -- "${IPVS_KERNELS:-$(cache_folder ipvs-kernels)}")

# Prints the release of a kernel, which is the name of the folder of its modules.
release_of() { # release_of MODULES
  local folders=("$1"/*/)
  [[ -d ${folders[0]} ]] && basename "${folders[0]}"
}

is_series() { # is_series VERSION RELEASE
  [[ $2 == "$1" || $2 == "$1".* ]]
}

packaged_release() {
  command -v linux.uml >/dev/null && linux.uml --version
}

is_packaged() {
  local release
  release=$(packaged_release) && is_series "$1" "$release"
}

is_cached() {
  [[ -x $kernels/$1/linux ]] && is_series "$1" "$(release_of "$kernels/$1/modules")"
}

# Checks whether this machine's Debian release has the kernel as a package.
is_of_this_release() {
  local VERSION_CODENAME=''
  # shellcheck disable=SC1091
  [[ ! -r /etc/os-release ]] || source /etc/os-release
  [[ $VERSION_CODENAME == "${suites[$1]}" ]]
}

# Installs or downloads a kernel, unless it is present.
provide_kernel() {
  local version=$1
  if is_packaged "$version" || is_cached "$version"; then return; fi
  [[ $(uname -m) == x86_64 ]] ||
    fail 126 "user-mode Linux needs an x86_64 machine, and this is $(uname -m)"
  if is_of_this_release "$version"; then setup kernel-boot; fi
  is_packaged "$version" || download_kernel "$version"
}

linux_of() {
  if is_packaged "$1"; then type -P linux.uml; else echo "$kernels/$1/linux"; fi
}

modules_of() {
  if is_packaged "$1"; then echo "$packaged_modules"; else echo "$kernels/$1/modules"; fi
}

refuse_moved() {
  fail 126 "cannot download Linux $1: Debian ${suites[$1]}'s $package is now $2"
}

# Downloads packages of another release to the current folder. apt checks their signatures, but uses
# lists in this folder instead of the system's, and so needs no root.
download_from() { # download_from SUITE PACKAGE...
  local suite=$1 apt=$PWD/apt options
  shift
  mkdir -p "$apt"/{lists,archives}/partial
  archives_with "$suite" >"$apt/sources.list"
  if [[ ! -s $apt/sources.list ]]; then
    echo "apt has no Debian archive among its sources" >&2
    return 1
  fi
  options=(
    -o Dir::State::lists="$apt/lists" -o Dir::State::status=/dev/null
    -o Dir::Cache="$apt" -o Dir::Cache::archives="$apt/archives"
    -o Dir::Etc::sourcelist="$apt/sources.list" -o Dir::Etc::sourceparts=/dev/null
    -o Dir::Etc::preferences=/dev/null -o Dir::Etc::preferencesparts=/dev/null
    -o APT::Default-Release=
    -o APT::Sandbox::User="$(id -un)" -o Acquire::Languages=none
  )
  # Ignores errors: one of several archives may lack the suite. The download decides.
  apt-get "${options[@]}" -q update || true
  apt-get "${options[@]}" -q download "${@/%/:amd64}"
}

# Downloads a kernel to $kernels, completely or not at all, with the C library of its release. The
# kernel's interpreter is set to that library, because user-mode Linux restarts itself through
# /proc/self/exe.
download_kernel() {
  local version=$1 target=$kernels/$1 suite=${suites[$1]} build log release
  command -v apt-get >/dev/null ||
    fail 126 "cannot download Linux $version without apt-get: this needs Debian"
  setup kernel-fetch
  note "downloading Linux $version (Debian $suite) to $target ..."
  { mkdir -p "$kernels" && build=$(mktemp -d "$kernels/.fetch.XXXXXX"); } ||
    fail 126 "cannot write $kernels: set IPVS_KERNELS to another folder"
  remove_at_end "$build"

  if ! log=$(cd "$build" && download_from "$suite" "$package" libc6 2>&1); then
    printf '%s\n' "$log" >&2
    fail 126 "cannot download Linux $version from Debian $suite (see above): is the network up?"
  fi
  dpkg-deb -x "$build/${package}"_*.deb "$build/kernel"
  dpkg-deb -x "$build"/libc6_*.deb "$build/libc"
  release=$(release_of "$build/kernel$packaged_modules") ||
    fail 126 "Debian $suite's $package has no modules"
  is_series "$version" "$release" || refuse_moved "$version" "$release"

  mkdir -p "$build/done/lib"
  mv "$build/kernel$packaged_modules" "$build/done/modules"
  mv "$build/kernel/usr/bin/linux.uml" "$build/done/linux"
  find "$build/libc" -path '*/x86_64-linux-gnu/*.so*' ! -path '*/x86_64-linux-gnu/*/*' \
    -exec mv -t "$build/done/lib" {} +
  patchelf --set-interpreter "$target/lib/ld-linux-x86-64.so.2" --set-rpath "$target/lib" \
    "$build/done/linux"
  chmod 755 "$build/done"

  # Another process may have downloaded the same at the same time.
  [[ ! -e $target ]] || is_cached "$version" || mv "$target" "$build/broken"
  mv -T "$build/done" "$target" 2>/dev/null || is_cached "$version" ||
    fail 126 "cannot write $target"
  rm -rf "$build"
}

list_kernels() {
  local version release where
  for version in "${versions[@]}"; do
    release=-
    if is_packaged "$version"; then
      release=$(packaged_release) where="present: package $package"
    elif is_cached "$version"; then
      release=$(release_of "$kernels/$version/modules") where="present: $kernels/$version"
    elif is_of_this_release "$version"; then
      where="can be installed: package $package"
    else
      where="can be downloaded: Debian ${suites[$version]}"
    fi
    printf '%-6s %-10s %s\n' "$version" "$release" "$where"
  done
}
