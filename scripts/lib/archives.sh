# shellcheck shell=bash
# The Debian archives of this machine, for packages of other releases.

# Prints the Debian archives of this machine as lines of a sources.list, for another suite. Skips
# names with a dash, such as bookworm-security: they are additions to a release.
archives_with() { # archives_with SUITE
  local suite=$1 keyring=/usr/share/keyrings/debian-archive-keyring.gpg uri release component
  local options='target=Packages arch=amd64' archives lists
  [[ ! -e $keyring ]] || options+=" signed-by=$keyring"
  archives=$(known_archives)
  if [[ -z $archives ]]; then
    # apt knows only archives of which it has lists, and the images of containers have none.
    lists=$(mktemp -d)
    mkdir "$lists/partial"
    apt-get -o Dir::State::lists="$lists" -o APT::Sandbox::User="$(id -un)" -qq update >&2 || true
    archives=$(known_archives -o Dir::State::lists="$lists")
    rm -rf "$lists"
  fi
  while read -r uri release component; do
    [[ $component == main && $release != *-* ]] || continue
    printf 'deb [%s] %s %s main\n' "$options" "$uri" "$suite"
  done <<<"$archives" | sort -u
}

# Prints the address, the release and the component of each archive of which apt has lists.
known_archives() { # known_archives [OPTION...]
  # shellcheck disable=SC2016 # apt's own placeholders
  apt-get "$@" indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages'
}
