# shellcheck shell=bash disable=SC1091,SC2154
# One group of processes that ends with the script, whatever ends the script, and in time. Sourced by scripts/kernel.
# shellcheck source-path=SCRIPTDIR source=common.sh
source "${BASH_SOURCE[0]%/*}/common.sh"

timeout=1800 # seconds; 0: for ever
group=
started=

# In a session of its own it can be killed as a whole, and setpriv ends it even when the script is killed outright.
# Signals and stdin are set back, because a shell has its background jobs ignore Ctrl-C and read /dev/null.
start_group() {
  started=$SECONDS
  setsid setpriv --pdeathsig TERM env --default-signal timeout --kill-after=5 "$timeout" "$@" <&0 &
  group=$!
}

is_running() {
  kill -0 "$1" 2>/dev/null
}

# TERM goes to `timeout`, which passes it on and later kills what did not heed it.
end_group() {
  [[ -n $group ]] || return 0
  kill -TERM "$group" 2>/dev/null || true
  while is_running "$group"; do wait "$group" 2>/dev/null || true; done
  kill -KILL -- "-$group" 2>/dev/null || true
  group=
}

timed_out() {
  ((timeout > 0 && SECONDS - started >= timeout))
}

fail_timeout() {
  fail 124 "stopped: the command had not ended after $timeout s (see --timeout)"
}
