#!/bin/sh
# Runs when the packages are in place; $1 is the new system's root directory.
set -eu
root=$1

cp -r --no-preserve=ownership,timestamps "$KILN_RECIPE/files/." "$root/"

# A machine that is made from the image has a name, an identity and keys of its own.
echo localhost >"$root/etc/hostname"
printf '127.0.0.1\tlocalhost\n::1\t\tlocalhost ip6-localhost ip6-loopback\n' >"$root/etc/hosts"
: >"$root/etc/machine-id"
rm -f "$root/var/lib/dbus/machine-id" "$root"/etc/ssh/ssh_host_* "$root/var/lib/systemd/random-seed"
# This one is of the machine that the image is made on.
rm -f "$root/etc/resolv.conf"

printf 'source /etc/network/interfaces.d/*\n\nauto lo\niface lo inet loopback\n' >"$root/etc/network/interfaces"
mkdir -p "$root/etc/network/interfaces.d" "$root/boot/efi"

echo 'LANG=C.UTF-8' >"$root/etc/default/locale"
chroot "$root" passwd --quiet --lock root
chroot "$root" systemctl --quiet enable ssh.service walinuxagent.service serial-getty@ttyS0.service

# It is there, and nothing upgrades itself: a build would wait for it, and no two would give the same image.
chroot "$root" systemctl --quiet disable unattended-upgrades.service
rm -f "$root/etc/apt/apt.conf.d/20auto-upgrades"

# Scrubs file systems on LVM; there is none.
chroot "$root" systemctl --quiet disable e2scrub_reap.service e2scrub_all.timer

# How these packages were installed (no manual pages, this site's proxy) is no rule for later ones.
rm -f "$root/etc/apt/apt.conf.d/99mmdebstrap" "$root/etc/dpkg/dpkg.cfg.d/99mmdebstrap"
rm -rf "$root"/var/cache/apt/*.bin "$root"/var/log/apt "$root"/var/log/dpkg.log "$root"/var/log/bootstrap.log
