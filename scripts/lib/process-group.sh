# shellcheck shell=bash disable=SC1091,SC2154
# A process group with a timeout that never outlives the script. Sourced by scripts/kernel.
# shellcheck source-path=SCRIPTDIR source=kernel-common.sh
source "${BASH_SOURCE[0]%/*}/kernel-common.sh"

timeout=1800 # seconds; 0: none
group=
started=

# A session of its own can be killed as a whole; setpriv ends it even if the script is killed with
# SIGKILL. A shell starts background jobs with SIGINT ignored and without stdin; this undoes both.
start_group() { # start_group COMMAND [ARG...]
  started=$SECONDS
  setsid setpriv --pdeathsig TERM env --default-signal \
    timeout --kill-after=5 "$timeout" "$@" <&0 &
  group=$!
}

is_running() { # is_running PID
  kill -0 "$1" 2>/dev/null
}

# `timeout` forwards SIGTERM, and sends SIGKILL if that does not help.
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
  fail 124 "stopped: the command did not end within $timeout s (see --timeout)"
}
