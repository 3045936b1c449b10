# shellcheck shell=bash disable=SC1091,SC2154
# Which user-mode Linux kernels there are, where, and how to come by them. Sourced by scripts/kernel.
# A kernel is named by its series, 6.1; its release is 6.1.176.
# shellcheck source-path=SCRIPTDIR source=common.sh
source "${BASH_SOURCE[0]%/*}/common.sh"

versions=(6.1 6.12 7.2)
declare -A suites=([6.1]=bookworm [6.12]=trixie [7.2]=sid)

package=user-mode-linux
packaged_modules=/usr/lib/uml/modules
kernels=$(realpath -m -- "${IPVS_KERNELS:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/ipvs-kernels}")

# A kernel's modules lie in a folder that is named by the exact version.
release_of() {
  local folders=("$1"/*/)
  [[ -d ${folders[0]} ]] && basename "${folders[0]}"
}

is_series() { # is_series 6.1 6.1.176
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

# The package is preferred only where it is already the right kernel: this machine's own release.
is_of_this_release() {
  local VERSION_CODENAME=''
  # shellcheck disable=SC1091
  [[ ! -r /etc/os-release ]] || source /etc/os-release
  [[ $VERSION_CODENAME == "${suites[$1]}" ]]
}

# Installs or fetches a kernel unless it is there.
provide_kernel() {
  local version=$1
  if is_packaged "$version" || is_cached "$version"; then return; fi
  [[ $(uname -m) == x86_64 ]] || fail 126 "user-mode Linux runs on x86_64 only, and this is $(uname -m)"
  if is_of_this_release "$version"; then setup kernel-boot; fi
  is_packaged "$version" || fetch_kernel "$version"
}

linux_of() {
  if is_packaged "$1"; then type -P linux.uml; else echo "$kernels/$1/linux"; fi
}

modules_of() {
  if is_packaged "$1"; then echo "$packaged_modules"; else echo "$kernels/$1/modules"; fi
}

refuse_moved() {
  fail 126 "Debian ${suites[$1]}'s $package is now $2; $1 can no longer be fetched"
}

# The Debian archives that this machine uses, as lines for a sources.list. Names with a dash are not releases but
# additions to one: bookworm-security, bookworm-updates.
archives_with() {
  local suite=$1 keyring=/usr/share/keyrings/debian-archive-keyring.gpg uri release component
  local options='target=Packages arch=amd64'
  [[ ! -e $keyring ]] || options+=" signed-by=$keyring"
  # shellcheck disable=SC2016 # apt's own placeholders
  apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
    while read -r uri release component; do
      [[ $component == main && $release != *-* ]] || continue
      printf 'deb [%s] %s %s main\n' "$options" "$uri" "$suite"
    done | sort -u
}

# Downloads packages of another release into the current folder. With lists of its own, apt checks signatures as ever,
# leaves the system's lists alone, and needs no root.
download_from() {
  local suite=$1 apt=$PWD/apt options
  shift
  mkdir -p "$apt"/{lists,archives}/partial
  archives_with "$suite" >"$apt/sources.list"
  [[ -s $apt/sources.list ]] || { echo "apt has no sources to take Debian's archive from" >&2; return 1; }
  options=(
    -o Dir::State::lists="$apt/lists" -o Dir::State::status=/dev/null
    -o Dir::Cache="$apt" -o Dir::Cache::archives="$apt/archives"
    -o Dir::Etc::sourcelist="$apt/sources.list" -o Dir::Etc::sourceparts=/dev/null
    -o Dir::Etc::preferences=/dev/null -o Dir::Etc::preferencesparts=/dev/null -o APT::Default-Release=
    -o APT::Sandbox::User="$(id -un)" -o Acquire::Languages=none
  )
  # One of several archives may lack the suite; whether the packages can be had is what counts.
  apt-get "${options[@]}" -q update || true
  apt-get "${options[@]}" -q download "${@/%/:amd64}"
}

# Fetches a kernel into $kernels, as a whole or not at all. With it comes the C library of its release, and it is tied
# to that by its interpreter, since user-mode Linux starts itself anew through /proc/self/exe.
fetch_kernel() {
  local version=$1 target=$kernels/$1 suite=${suites[$1]} build log release
  command -v apt-get >/dev/null || fail 126 "Linux $version can be fetched on Debian only: there is no apt-get"
  setup kernel-fetch
  note "fetching Linux $version (Debian $suite) into $target ..."
  { mkdir -p "$kernels" && build=$(mktemp -d "$kernels/.fetch.XXXXXX"); } ||
    fail 126 "cannot write $kernels: set IPVS_KERNELS to another folder"
  remove_at_end "$build"

  if ! log=$(cd "$build" && download_from "$suite" "$package" libc6 2>&1); then
    printf '%s\n' "$log" >&2
    fail 126 "cannot fetch Linux $version: apt found no $package of Debian $suite (see above)"
  fi
  dpkg-deb -x "$build/${package}"_*.deb "$build/kernel"
  dpkg-deb -x "$build"/libc6_*.deb "$build/libc"
  release=$(release_of "$build/kernel$packaged_modules") || fail 126 "found no modules in Debian $suite's $package"
  is_series "$version" "$release" || refuse_moved "$version" "$release"

  mkdir -p "$build/done/lib"
  mv "$build/kernel$packaged_modules" "$build/done/modules"
  mv "$build/kernel/usr/bin/linux.uml" "$build/done/linux"
  find "$build/libc" -path '*/x86_64-linux-gnu/*.so*' ! -path '*/x86_64-linux-gnu/*/*' \
    -exec mv -t "$build/done/lib" {} +
  patchelf --set-interpreter "$target/lib/ld-linux-x86-64.so.2" --set-rpath "$target/lib" "$build/done/linux"
  chmod 755 "$build/done"

  # Whoever fetched the same at the same time may have been faster.
  [[ ! -e $target ]] || is_cached "$version" || mv "$target" "$build/broken"
  mv -T "$build/done" "$target" 2>/dev/null || is_cached "$version" || fail 126 "cannot write $target"
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
      where="can be fetched: Debian ${suites[$version]}"
    fi
    printf '%-6s %-10s %s\n' "$version" "$release" "$where"
  done
}
