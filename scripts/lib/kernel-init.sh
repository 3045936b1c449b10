#!/usr/bin/env bash
# The first process of a kernel that kernel-boot.sh boots. Sets up the system, runs one command,
# writes its exit status to the folder of the job, and switches off. The root file system is the
# host's, so nothing is written to it; mounts exist in this kernel only. If a command fails, the
# kernel switches off without a status, and kernel-boot.sh prints init.log.
set -Eeuo pipefail
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
job=${0%/*}
exec >"$job/init.log" 2>&1

mount_file_systems() {
  mount -t proc proc /proc
  mount -t sysfs sysfs /sys
  mount -t tmpfs -o mode=755 tmpfs /run
  mkdir -m 1777 /run/lock
  mountpoint -q /dev || mount -t devtmpfs devtmpfs /dev # most kernels have mounted it
  mkdir /dev/pts /dev/shm
  mount -t devpts -o mode=620,ptmxmode=666 devpts /dev/pts
  mount -t tmpfs -o mode=1777 tmpfs /dev/shm
  ln -s /proc/self/fd /dev/fd
  ln -s fd/0 /dev/stdin
  ln -s fd/1 /dev/stdout
  ln -s fd/2 /dev/stderr
}

# Node.js 22 and later use io_uring. User-mode Linux 6.12 and 7.2 corrupt the page tables of a
# process that unmaps the memory of io_uring ("BUG: Bad page map"). Linux 6.1 has neither the bug nor
# this switch.
disable_io_uring() {
  local switch=/proc/sys/kernel/io_uring_disabled
  [[ ! -e $switch ]] || echo 2 >"$switch"
}

# If the host has no /lib/modules to mount on, this mounts an overlay with that folder over /lib.
# The overlay is read-only: writes would be lost. insmod loads its module, because modprobe needs
# the folder.
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

# Without numdummies=0, the first use of the module would create a dummy0. Ignores errors: kernels
# without one of these modules have it built in.
start_network() {
  modprobe -q dummy numdummies=0 || true
  modprobe -q ipv6 || true
  modprobe -q veth || true
  ip link set lo up
  echo localhost >/proc/sys/kernel/hostname
}

# Creates pipes for the output: a program that opens /dev/stderr would truncate a file.
open_streams() {
  local stream
  mkdir /run/streams
  for stream in stdout stderr; do
    mkfifo "/run/streams/$stream"
    cat "/run/streams/$stream" >"$job/$stream" &
    copiers+=("$!")
  done
}

# Waits until the pipes are closed, but at most 3 seconds: a background program may keep them open.
close_streams() {
  { sleep 3; kill "${copiers[@]}"; } 2>/dev/null &
  wait "${copiers[@]}" || true
}

# Runs in a session of its own, so that a signal to the process group does not reach the copiers.
run_command() {
  # shellcheck disable=SC2016 # the inner shell expands it
  setsid env -i "${environment[@]}" bash -c 'exec -- "$@"' bash "${command[@]}" \
    </dev/null >/run/streams/stdout 2>/run/streams/stderr
}

# Stops the kernel, which is booted with "noreboot". This needs no program that the host may lack.
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
