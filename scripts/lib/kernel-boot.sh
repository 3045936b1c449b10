# shellcheck shell=bash disable=SC1091,SC2154
# Runs a command in a user-mode Linux kernel, on the host's side; kernel-init.sh is the other side. Sourced by
# scripts/kernel. The two sides meet in the job's folder:
#   command, environment, folder, modules, init     what to run, and where
#   stdout, stderr, status                          what came of it
#   console, init.log                               what the kernel and its first process say
# shellcheck source-path=SCRIPTDIR source=common.sh
source "${BASH_SOURCE[0]%/*}/common.sh"
# shellcheck source-path=SCRIPTDIR source=process-group.sh
source "${BASH_SOURCE[0]%/*}/process-group.sh"

memory=3G
cpu= # the last one; "none": any
job=
ram=

# What of the caller's environment means nothing in there: open files, and sockets under /run.
foreign_variables=(
  DBUS_SESSION_BUS_ADDRESS DISPLAY WAYLAND_DISPLAY XAUTHORITY XDG_RUNTIME_DIR SSH_AUTH_SOCK SSH_AGENT_PID
  GPG_AGENT_INFO NOTIFY_SOCKET LISTEN_FDS LISTEN_PID NODE_CHANNEL_FD NODE_CHANNEL_SERIALIZATION_MODE NODE_UNIQUE_ID
  MAKEFLAGS MFLAGS MAKELEVEL OLDPWD
)

# A folder for one run. Its name goes on the kernel's command line, and the kernel mounts its own /run and /dev.
make_job() {
  local parent=${TMPDIR:-/tmp}
  [[ $parent =~ ^/[A-Za-z0-9/._-]+$ && ! $parent =~ ^/(run|dev|proc|sys)(/|$) ]] || parent=/tmp
  job=$(mktemp -d "$parent/ipvs-kernel.XXXXXX")
  remove_at_end "$job"
}

write_job() { # write_job MODULES COMMAND...
  ln -s "$1" "$job/modules"
  ln -s "$scripts/lib/kernel-init.sh" "$job/init"
  printf '%s\0' "${@:2}" >"$job/command"
  printf '%s\0' "$PWD" >"$job/folder"
  env --null "${foreign_variables[@]/#/--unset=}" IPVS_KERNEL=running >"$job/environment"
  touch "$job"/{stdout,stderr,init.log}
}

# Sets $ram to where the kernel keeps its memory, a sparse file that it maps to run programs from: fast on a tmpfs.
choose_ram() {
  local available wanted
  available=$(df --block-size=1 --output=avail /dev/shm 2>/dev/null | tail -n 1) || available=0
  wanted=$(numfmt --from=iec "${memory^^}")
  if ((available >= wanted)) && [[ -w /dev/shm && ,$(findmnt -nro OPTIONS -T /dev/shm), != *,noexec,* ]]; then
    ram=/dev/shm
  else
    ram=$job
  fi
}

# On one core it runs several times faster than when the host moves its threads about.
pinning() {
  local core=$cpu allowed
  if [[ -z $core ]]; then
    allowed=$(sed -n 's/^Cpus_allowed_list:\s*//p' /proc/self/status)
    core=${allowed##*[,-]}
  fi
  if [[ $core != none ]] && taskset -c "$core" true 2>/dev/null; then printf '%s\n' taskset -c "$core"; fi
}

start_kernel() { # start_kernel LINUX
  local linux=$1 pin options=(
    mem="$memory" root=/dev/root rootfstype=hostfs rootflags=/ rw init="$job/init" noreboot uml_dir="$job/uml"
    con=null 'con0=null,fd:1' con1=null
    # saves 0.8 s of measuring RAID algorithms, under the name it has in 6.x and in 7.x
    'initcall_blacklist=raid6_select_algo,raid6_init'
  )
  # A faster way of catching system calls, which newer kernels have.
  [[ $("$linux" --help 2>&1) != *seccomp=* ]] || options+=(seccomp=on)
  mapfile -t pin < <(pinning)
  choose_ram
  ulimit -c 0
  start_group env -i --chdir="$job" TMPDIR="$ram" "${pin[@]}" "$linux" "${options[@]}" </dev/null >"$job/console" 2>&1
}

# Passes on what is written to a file until the kernel has ended.
follow() {
  exec tail --follow --bytes=+1 --sleep-interval=0.1 --pid="$group" "$job/$1"
}

boot() { # boot LINUX MODULES COMMAND...
  local followers=() linux first status=0
  make_job
  write_job "${@:2}"
  start_kernel "$1"
  linux=$group
  follow stdout &
  followers+=("$!")
  follow stderr >&2 &
  followers+=("$!")

  # Whoever ends first ends the rest. A follower does when nobody reads any more: scripts/kernel ... | head
  wait -n -p first "$group" "${followers[@]}" 2>/dev/null || status=$?
  end_group
  wait "${followers[@]}" || true
  [[ ! -s $job/status ]] || exit "$(<"$job/status")"
  if [[ $first != "$linux" ]] && ((status > 0)); then exit "$status"; fi
  explain_stop
}

explain_stop() {
  ! timed_out || fail_timeout
  note "Linux stopped before the command ended; its last words:"
  sed '/^CPU: /,$d' "$job/console" | cat - "$job/init.log" | tail -n 20 >&2 # up to a stack trace
  [[ $ram == /dev/shm ]] || note "its memory lay in $ram, as /dev/shm has less than $memory or runs no programs"
  exit 125
}
