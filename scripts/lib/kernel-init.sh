#!/usr/bin/env bash
# The first process of a kernel that scripts/kernel boots (lib/kernel-boot.sh): makes it a usual Linux, runs one
# command, leaves the exit status in the job's folder, and switches off. The root file system is the host's own, so
# nothing is written to it; what is mounted here exists in this kernel only. A step that fails switches the kernel
# off, and the host finds no status and shows init.log.
set -Eeuo pipefail
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
job=${0%/*}
exec >"$job/init.log" 2>&1

mount_file_systems() {
  mount -t proc proc /proc
  mount -t sysfs sysfs /sys
  mount -t tmpfs -o mode=755 tmpfs /run
  mkdir -m 1777 /run/lock
  mountpoint -q /dev || mount -t devtmpfs devtmpfs /dev # most kernels do it themselves
  mkdir /dev/pts /dev/shm
  mount -t devpts -o mode=620,ptmxmode=666 devpts /dev/pts
  mount -t tmpfs -o mode=1777 tmpfs /dev/shm
  ln -s /proc/self/fd /dev/fd
  ln -s fd/0 /dev/stdin
  ln -s fd/1 /dev/stdout
  ln -s fd/2 /dev/stderr
}

# Node.js 22 and later use io_uring, and user-mode Linux 6.12 and 7.2 corrupt a process's page
# tables when it unmaps the memory of io_uring ("BUG: Bad page map"). Linux 6.1 has neither the
# fault nor this switch.
disable_io_uring() {
  local switch=/proc/sys/kernel/io_uring_disabled
  [[ ! -e $switch ]] || echo 2 >"$switch"
}

# Where the host has no /lib/modules to mount on, one is laid over its /lib, which is then read-only: better than taking
# writes and forgetting them. The module for that is found without modprobe, which needs the folder.
provide_modules() {
  local lib
  if [[ -d /lib/modules ]]; then
    mount --bind "$job/modules" /lib/modules
    return
  fi
  lib=$(readlink -f /lib)
  insmod "$job/modules/$(uname -r)"/kernel/fs/overlayfs/overlay.ko*
  mkdir /run/lib
  ln -s "$job/modules" /run/lib/modules
  mount -t overlay -o "lowerdir=/run/lib:$lib" overlay "$lib"
}

# Without numdummies=0, the first use of the module would bring a dummy0 that nobody asked for. What a kernel does not
# have as a module it has built in.
start_network() {
  modprobe -q dummy numdummies=0 || true
  modprobe -q ipv6 || true
  modprobe -q veth || true
  ip link set lo up
  echo localhost >/proc/sys/kernel/hostname
}

# Pipes, as a caller would give: a file would be emptied by whoever opens /dev/stderr.
open_streams() {
  local stream
  mkdir /run/streams
  for stream in stdout stderr; do
    mkfifo "/run/streams/$stream"
    cat "/run/streams/$stream" >"$job/$stream" &
    copiers+=("$!")
  done
}

# A program left in the background may hold the pipes open for ever: it gets a little time to end what it says.
close_streams() {
  { sleep 3; kill "${copiers[@]}"; } 2>/dev/null &
  wait "${copiers[@]}" || true
}

# In a session of its own, because what signals its whole process group must not hit the copiers.
run_command() {
  # shellcheck disable=SC2016 # to be expanded by the inner shell
  setsid env -i "${environment[@]}" bash -c 'exec -- "$@"' bash "${command[@]}" \
    </dev/null >/run/streams/stdout 2>/run/streams/stderr
}

# Of all ways to stop, this one needs no program that a small system may lack: the kernel is booted with "noreboot".
switch_off() {
  sync
  [[ -e /proc/sysrq-trigger ]] || mount -t proc proc /proc
  echo b >/proc/sysrq-trigger
  sleep infinity
}

trap 'echo "kernel-init.sh: line $LINENO: $BASH_COMMAND: status $?"' ERR
trap switch_off EXIT
mapfile -d '' -t environment <"$job/environment"
mapfile -d '' -t command <"$job/command"
IFS= read -rd '' folder <"$job/folder"
copiers=()
status=0

mount_file_systems
disable_io_uring
provide_modules
start_network
open_streams
cd "$folder"
run_command || status=$?
close_streams
echo "$status" >"$job/status"
