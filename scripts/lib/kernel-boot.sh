# shellcheck shell=bash disable=SC1091,SC2154
# Boots user-mode Linux and runs a command in it. Sourced by scripts/kernel. kernel-init.sh is the
# first process inside. The two communicate through files in the folder of the job:
#   command, environment, folder, modules, init     the command, its working directory, its kernel
#   stdout, stderr, status                          its output and exit status
#   console, init.log                               messages of the kernel and its first process
# shellcheck source-path=SCRIPTDIR source=kernel-common.sh
source "${BASH_SOURCE[0]%/*}/kernel-common.sh"
# shellcheck source-path=SCRIPTDIR source=process-group.sh
source "${BASH_SOURCE[0]%/*}/process-group.sh"

memory=3G
cpu= # the last one; "none": any
job=
ram=

# Variables that refer to open files of the caller, or to sockets under /run: neither exists inside.
foreign_variables=(
  DBUS_SESSION_BUS_ADDRESS DISPLAY WAYLAND_DISPLAY XAUTHORITY XDG_RUNTIME_DIR SSH_AUTH_SOCK
  SSH_AGENT_PID GPG_AGENT_INFO NOTIFY_SOCKET LISTEN_FDS LISTEN_PID NODE_CHANNEL_FD
  NODE_CHANNEL_SERIALIZATION_MODE NODE_UNIQUE_ID MAKEFLAGS MFLAGS MAKELEVEL OLDPWD
)

# Creates the folder of the job. Its path must suit the kernel's command line, and must not be below
# a folder that the kernel mounts itself.
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

# Sets $ram to the folder for the kernel's memory: a sparse file, which is fast on a tmpfs. The
# kernel maps it to run programs, so that a noexec file system does not do.
choose_ram() {
  local available wanted options
  available=$(df --block-size=1 --output=avail /dev/shm 2>/dev/null | tail -n 1) || available=0
  wanted=$(numfmt --from=iec "${memory^^}")
  options=,$(findmnt -nro OPTIONS -T /dev/shm),
  if ((available >= wanted)) && [[ -w /dev/shm && $options != *,noexec,* ]]; then
    ram=/dev/shm
  else
    ram=$job
  fi
}

# Prints a command that pins to one core. The kernel is then several times faster than when the host
# moves its threads between cores.
pinning() {
  local core=$cpu allowed
  if [[ -z $core ]]; then
    allowed=$(sed -n 's/^Cpus_allowed_list:\s*//p' /proc/self/status)
    core=${allowed##*[,-]}
  fi
  if [[ $core != none ]] && taskset -c "$core" true 2>/dev/null; then
    printf '%s\n' taskset -c "$core"
  fi
}

start_kernel() { # start_kernel LINUX
  local linux=$1 pin preload=() options=(
    mem="$memory" root=/dev/root rootfstype=hostfs rootflags=/ rw init="$job/init" noreboot
    uml_dir="$job/uml"
    con=null 'con0=null,fd:1' con1=null
    # saves 0.8 s of measuring RAID algorithms; the names are those of 6.x and 7.x
    'initcall_blacklist=raid6_select_algo,raid6_init'
  )
  if [[ $("$linux" --help 2>&1) == *seccomp=* ]]; then
    options+=(seccomp=on) # a faster method to intercept system calls than ptrace()
  elif grep -qw amx_tile /proc/cpuinfo; then
    setup kernel-xstate
    cc -O2 -shared -fPIC -o "$job/xstate.so" "$scripts/lib/xstate.c" -ldl ||
      fail 126 "cannot compile $scripts/lib/xstate.c"
    preload=("LD_PRELOAD=$job/xstate.so")
  fi
  mapfile -t pin < <(pinning)
  choose_ram
  ulimit -c 0
  start_group env -i --chdir="$job" TMPDIR="$ram" "${preload[@]}" "${pin[@]}" "$linux" "${options[@]}" \
    </dev/null >"$job/console" 2>&1
}

# Prints what is written to a file of the job, until the kernel ends.
follow() { # follow FILE
  exec tail --follow --bytes=+1 --sleep-interval=0.1 --pid="$group" "$job/$1"
}

# Boots, runs the command, and exits with its status. LINUX is a program, or "vm".
boot() { # boot LINUX MODULES COMMAND...
  local followers=() linux first status=0
  make_job
  write_job "${@:2}"
  if [[ $1 == vm ]]; then start_vm; else start_kernel "$1"; fi
  linux=$group
  follow stdout &
  followers+=("$!")
  follow stderr >&2 &
  followers+=("$!")

  # The first process that ends, ends the others. A follower ends early when its reader has gone:
  # scripts/kernel ... | head
  wait -n -p first "$group" "${followers[@]}" 2>/dev/null || status=$?
  end_group
  wait "${followers[@]}" || true
  [[ ! -s $job/status ]] || exit "$(<"$job/status")"
  if [[ $first != "$linux" ]] && ((status > 0)); then exit "$status"; fi
  explain_stop
}

explain_stop() {
  ! timed_out || fail_timeout
  note "Linux stopped before the command ended. Its last messages:"
  sed '/^CPU: /,$d' "$job/console" | cat - "$job/init.log" | tail -n 20 >&2 # without a stack trace
  [[ $ram == /dev/shm ]] ||
    note "its memory was in $ram, because /dev/shm has less than $memory, or is mounted noexec"
  exit 125
}
