# shellcheck shell=bash
# The Debian archives of this machine, for packages of other releases.

# Prints the Debian archives of this machine as lines of a sources.list, for another suite. Skips
# names with a dash, such as bookworm-security: they are additions to a release.
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
