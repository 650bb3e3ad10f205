#!/bin/sh
# The only thing that runs in the first boot (as init): installs GRUB for BIOS and for UEFI on the disk that
# this system is on, takes its own traces away and powers off. Says on the console how it went.
PATH=/usr/sbin:/usr/bin:/sbin:/bin
export PATH

finish() {
  sync
  mount -o remount,ro / 2>/dev/null
  echo "$1"
  sleep 1
  echo o >/proc/sysrq-trigger
  sleep 60
}

work() {
  mountpoint -q /proc || mount -t proc proc /proc
  mountpoint -q /sys || mount -t sysfs sys /sys
  mountpoint -q /dev || mount -t devtmpfs dev /dev
  mountpoint -q /run || mount -t tmpfs run /run

  part=$(findmnt -no SOURCE /)
  disk=/dev/$(lsblk -ndo PKNAME "$part")
  esp=/dev/$(lsblk -nro NAME,PARTN "$disk" 2>/dev/null | awk '$2 == 15 { print $1 }')
  [ -b "$esp" ] || esp=$(ls "$disk"15 "$disk"p15 2>/dev/null | head -n 1)

  mkfs.vfat -F 32 -n ESP -i "$(cat /make-bootable.esp-id)" "$esp" >/dev/null
  modprobe vfat
  mount -t vfat "$esp" /boot/efi
  grub-install --target=i386-pc "$disk"
  # --removable: the path that firmware tries when it has no boot entry, as in every new machine.
  grub-install --target=x86_64-efi --removable --no-nvram --efi-directory=/boot/efi
  update-grub
  umount /boot/efi

  rm -f /make-bootable /make-bootable.esp-id
  fstrim / || true
}

# Not `work && ...`: the shell would then go on after the first command that fails.
(
  set -e
  work
)
if [ $? = 0 ]; then finish KILN-DISK-IS-BOOTABLE; else finish KILN-DISK-FAILED; fi
