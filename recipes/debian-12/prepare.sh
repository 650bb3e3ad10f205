#!/bin/sh
# Makes disk.raw, vmlinuz, initrd.img and command-line in the current directory.
#
# Runs as "root" of a user namespace: owners and set-uid bits come out right, and nothing that a package
# does on installation can touch the host as its root. KILN_RECIPE is the recipe's directory.
set -eu

release=bookworm
size_mib=8192

packages=$(sed -e 's/#.*//' -e '/^[[:space:]]*$/d' "$KILN_RECIPE/packages" | paste -sd,)

"$KILN_RECIPE/apt-sources.sh" "$release" >sources.list
apt-config dump | grep -iE '^Acquire::(https?)::(Proxy|CAInfo)' >apt.conf || true

mkdir root scratch
# As root of the namespace mmdebstrap needs no mode of its own. Its scratch files belong in here too.
TMPDIR=$PWD/scratch mmdebstrap --mode=root --skip=chroot/mount/sys --variant=minbase --format=directory \
  --aptopt="$PWD/apt.conf" \
  --aptopt='Acquire::Languages { "none"; }' --aptopt='Acquire::Retries "3"' \
  --dpkgopt='path-exclude=/usr/share/man/*' \
  --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-include=/usr/share/locale/locale.alias' \
  --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-include=/usr/share/doc/*/copyright' \
  --include="$packages" \
  --customize-hook='"$KILN_RECIPE/configure.sh" "$1"' \
  "$release" root - <sources.list

cp root/vmlinuz root/initrd.img .

# The root partition has number 1 but lies last, where it can grow. 14 and 15 are what GRUB needs for BIOS and for UEFI.
root_uuid=$(cat /proc/sys/kernel/random/uuid)
esp_id=$(od -An -N4 -tx4 /dev/urandom | tr -d ' \n' | tr a-f A-F)
truncate -s "${size_mib}M" disk.raw
sfdisk --quiet --label gpt disk.raw <<TABLE
unit: sectors
disk.raw14 : start=2048,   size=6144,   type=21686148-6449-6E6F-744E-656564454649, name=bios-boot
disk.raw15 : start=8192,   size=253952, type=C12A7328-F81F-11D2-BA4B-00A0C93EC93B, name=esp
disk.raw1  : start=262144,              type=0FC63DAF-8483-4772-8E79-3D69D8477DE4, name=root
TABLE
root_mib=$((size_mib - 128 - 1))

cat >root/etc/fstab <<FSTAB
UUID=$root_uuid / ext4 defaults,discard,errors=remount-ro 0 1
UUID=$(echo "$esp_id" | sed 's/^..../&-/') /boot/efi vfat umask=0077,noauto,x-systemd.automount 0 0
FSTAB
echo "$esp_id" >root/make-bootable.esp-id
install -m 0755 "$KILN_RECIPE/make-bootable.sh" root/make-bootable

# GRUB 2.06 reads neither of the two features that are switched off. The tables are written now (as holes)
# so that no guest writes them in the background of its first boot.
mke2fs -q -t ext4 -L root -U "$root_uuid" -m 1 -d root \
  -O ^metadata_csum_seed,^orphan_file -E offset=$((262144 * 512)),lazy_itable_init=0,lazy_journal_init=0 \
  disk.raw "${root_mib}M"

echo "root=UUID=$root_uuid rw console=ttyS0 net.ifnames=0 panic=-1 init=/make-bootable" >command-line
rm -rf root scratch sources.list apt.conf
