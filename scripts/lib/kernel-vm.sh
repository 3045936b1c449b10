# shellcheck shell=bash disable=SC1091,SC2154
# Debian's own kernel in QEMU, which emulates the processor. It has what user-mode Linux lacks, such
# as nftables for IPv4. virtiofsd, which serves this machine's files, needs root. Sourced by
# scripts/kernel; kernel-boot.sh boots it like user-mode Linux.
# shellcheck source-path=SCRIPTDIR source=kernel-find.sh
source "${BASH_SOURCE[0]%/*}/kernel-find.sh"

vm=$kernels/vm
vm_suite=bookworm
vm_package=linux-image-cloud-amd64
# What mounts the root file system, in the order of loading.
vm_modules=(
  drivers/virtio/virtio_ring drivers/virtio/virtio drivers/virtio/virtio_pci_legacy_dev
  drivers/virtio/virtio_pci_modern_dev drivers/virtio/virtio_pci fs/fuse/fuse fs/fuse/virtiofs
)

# Downloads the kernel, unless it is present.
provide_vm() {
  [[ ! -e $vm/initrd ]] || return 0
  [[ $(uname -m) == x86_64 ]] || fail 126 "the virtual machine needs an x86_64 machine"
  local build log package
  note "downloading Linux (Debian $vm_suite's $vm_package) to $vm ..."
  { mkdir -p "$kernels" && build=$(mktemp -d "$kernels/.fetch.XXXXXX"); } ||
    fail 126 "cannot write $kernels: set IPVS_KERNELS to another folder"
  remove_at_end "$build"
  if ! log=$(cd "$build" && download_from "$vm_suite" "$vm_package" busybox-static 2>&1); then
    printf '%s\n' "$log" >&2
    fail 126 "cannot download Linux from Debian $vm_suite (see above): is the network up?"
  fi
  # The package only names the newest kernel.
  package=$(dpkg-deb -f "$build/$vm_package"_*.deb Depends | grep -oE 'linux-image-[^ ,]+')
  (cd "$build" && download_from "$vm_suite" "$package" >/dev/null 2>&1) ||
    fail 126 "cannot download $package from Debian $vm_suite"
  dpkg-deb -x "$build/$package"_*.deb "$build/kernel"
  dpkg-deb -x "$build"/busybox-static_*.deb "$build/busybox"
  mkdir "$build/done"
  mv "$build/kernel/lib/modules" "$build/done/modules"
  mv "$build"/kernel/boot/vmlinuz-* "$build/done/linux"
  make_initrd "$build"
  chmod 755 "$build/done"
  # Another process may have downloaded the same at the same time.
  mv -T "$build/done" "$vm" 2>/dev/null || [[ -e $vm/initrd ]] || fail 126 "cannot write $vm"
}

# Makes the first file system: it mounts the machine's own, and starts kernel-init.sh in it.
make_initrd() { # make_initrd FOLDER
  local module root=$1/initrd modules=("$1"/done/modules/*)
  mkdir -p "$root"/{bin,dev,modules,proc,root}
  # modprobe finds the modules by lists that Debian's package makes when it is installed.
  mkdir -p "$1/depmod/lib"
  ln -s "$1/done/modules" "$1/depmod/lib/modules"
  depmod --basedir "$1/depmod" "${modules[0]##*/}"
  cp "$1/busybox/bin/busybox" "$root/bin/"
  for module in "${vm_modules[@]}"; do cp "${modules[0]}/kernel/$module.ko" "$root/modules/"; done
  {
    printf '#!/bin/busybox sh\n/bin/busybox mount -t proc proc /proc\n'
    for module in "${vm_modules[@]##*/}"; do
      printf '/bin/busybox insmod /modules/%s.ko\n' "$module"
    done
    # shellcheck disable=SC2016 # the kernel passes "job=..." of its command line on
    printf '%s\n' '/bin/busybox mount -t virtiofs root /root' '/bin/busybox umount /proc' \
      'exec /bin/busybox switch_root /root "$job/init"'
  } >"$root/init"
  chmod 755 "$root/init"
  (cd "$root" && find . | cpio --quiet -o -H newc) | gzip -1 >"$1/done/initrd"
}

# Prints the path of virtiofsd, which Debian's packages have outside of PATH.
find_virtiofsd() {
  PATH=$PATH:/usr/libexec:/usr/lib/qemu type -P virtiofsd
}

# Starts the machine, with this machine's files as its root file system.
start_vm() {
  local server socket=$job/socket
  ((EUID == 0)) || fail 126 "the virtual machine needs root, for virtiofsd"
  # It is a part of QEMU's packages up to Debian 12, and a package since.
  find_virtiofsd >/dev/null || setup kernel-virtiofsd
  server=$(find_virtiofsd) || fail 126 "there is no virtiofsd"
  "$server" --socket-path="$socket" -o source=/ -o sandbox=chroot -o cache=always \
    >"$job/virtiofsd" 2>&1 &
  while [[ ! -S $socket ]]; do
    is_running "$!" || fail 126 "virtiofsd failed: $(tail -n 1 "$job/virtiofsd")"
    sleep 0.1
  done
  # shellcheck disable=SC2034 # kernel-boot.sh reads it; the memory is a memfd
  ram=/dev/shm
  start_group qemu-system-x86_64 -M q35 -accel tcg -cpu max -smp 1 -m "$memory" \
    -object "memory-backend-memfd,id=memory,size=$memory,share=on" -numa node,memdev=memory \
    -chardev "socket,id=files,path=$socket" -device vhost-user-fs-pci,chardev=files,tag=root \
    -kernel "$vm/linux" -initrd "$vm/initrd" -append "console=ttyS0 quiet panic=-1 job=$job" \
    -nodefaults -display none -serial stdio -no-reboot </dev/null >"$job/console" 2>&1
}
