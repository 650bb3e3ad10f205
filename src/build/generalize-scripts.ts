/** Where AIB puts its deprovisioning script and where templates replace it. */
export const DEPROVISIONING_SCRIPT = '/tmp/DeprovisioningScript.sh';

/**
 * The default content: what AIB runs on Linux. Where the agent is absent, the same effects by hand: host keys, leases,
 * histories and the root password.
 */
export const DEFAULT_DEPROVISIONING = `#!/bin/sh
agent=$(command -v waagent || echo /usr/sbin/waagent)
if [ -x "$agent" ]; then
  "$agent" -force -deprovision+user && export HISTSIZE=0 && sync
else
  rm -f /etc/ssh/ssh_host_*key /etc/ssh/ssh_host_*key.pub
  rm -f /var/lib/dhcp/*.lease* /var/lib/dhclient/*.lease* /var/lib/NetworkManager/*.lease
  rm -f /root/.bash_history /root/.ash_history
  usermod -p '!' root
  sync
fi
`;

/** Printed when the deprovisioning script has ended, behind what it left without a line break: its exit code, or that there was none. */
export const DEPROVISIONED = /^(.*)kiln: deprovisioned (\d+|missing)$/;

/**
 * Runs the deprovisioning script as root, and goes on only when it succeeded. Comes before `finishScript` in one shell: with the
 * resolver's file gone, every further `sudo` would first wait for the name of this machine.
 */
export function deprovisionScript(user: string): string {
  return `${closeMotd(user)}script=${DEPROVISIONING_SCRIPT}
if [ -e "$script" ]; then
  chmod 0755 "$script"
  "$script" </dev/null
  code=$?
else
  code=missing
fi
echo "kiln: deprovisioned $code"
case $code in 0 | missing) ;; *) exit 1 ;; esac
`;
}

/** Printed when everything of the build is out of the image, just before the guest powers off. */
export const GENERALIZED_MARK = 'kiln: generalized';

/**
 * Lets the build user append to the message of the day. Microsoft's own samples do that without `sudo`, though the service's
 * documentation says that root's work needs it; `deprovisionScript` takes it back.
 */
export const OPEN_MOTD = `if [ -f /etc/motd ] && [ ! -L /etc/motd ] && [ "$(stat -c '%g %a' /etc/motd)" = '0 644' ]; then
  sudo sh -c 'chgrp "$1" /etc/motd && chmod 664 /etc/motd' sh "$(id -g)"
fi`;

/** Runs as root before anything else of generalization, while the build user's group has its name. */
function closeMotd(user: string): string {
  return `if [ "$(stat -c '%g %a' /etc/motd 2>/dev/null)" = "$(id -g ${user}) 664" ]; then
  chgrp root /etc/motd
  chmod 644 /etc/motd
fi
`;
}

/**
 * What Kiln itself takes out of the image, whatever the deprovisioning script did: its user, the provisioning data, the
 * identity of this machine, the logs of this boot. Runs as root from standard input, in the connection that is open:
 * with the host keys gone no new one could be made. Files that customizers wrote are not touched.
 */
export function finishScript(user: string, hostName: string): string {
  return `set -u
fail() { echo "$*" >&2; exit 1; }
home=$(getent passwd ${user} | cut -d: -f6)
userdel -f ${user} >/dev/null 2>&1
! getent passwd ${user} >/dev/null || fail "the user ${user} could not be removed"
groupdel ${user} >/dev/null 2>&1
case $home in /home/?*) rm -rf "$home" ;; esac
rm -rf /var/mail/${user} /var/spool/mail/${user} /var/spool/cron/crontabs/${user} /var/spool/cron/${user}
for rules in /etc/sudoers /etc/sudoers.d/*; do
  [ -f "$rules" ] && grep -q '^${user}[[:space:]]' "$rules" || continue
  sed -i '/^# User rules for ${user}$/d; /^${user}[[:space:]]/d' "$rules"
  case $rules in */sudoers.d/*) grep -q '^[^#[:space:]]' "$rules" || rm -f "$rules" ;; esac
done
for file in subuid subgid; do [ ! -f /etc/$file ] || sed -i '/^${user}:/d' /etc/$file; done
for file in passwd shadow group gshadow subuid subgid; do [ ! -f /etc/$file- ] || cp -p /etc/$file /etc/$file-; done

set -- /run/cloud-init /etc/netplan/50-cloud-init.yaml
for entry in /var/lib/cloud/*; do
  case $entry in */seed | */scripts) ;; *) set -- "$@" "$entry" ;; esac
done
rm -rf "$@"
rm -f /etc/network/interfaces.d/50-cloud-init /etc/network/interfaces.d/50-cloud-init.cfg
rm -f /etc/NetworkManager/system-connections/cloud-init-*.nmconnection
rm -f /etc/ssh/ssh_host_*key /etc/ssh/ssh_host_*key.pub
rm -f /var/lib/dhcp/*.lease* /var/lib/dhclient/*.lease* /var/lib/NetworkManager/*.lease
sed -i '/[[:space:]]${hostName}\\([[:space:]]\\|$\\)/d' /etc/hosts
echo localhost >/etc/hostname
: >/etc/machine-id
[ -L /var/lib/dbus/machine-id ] || rm -f /var/lib/dbus/machine-id
systemctl stop systemd-random-seed >/dev/null 2>&1
rm -f /var/lib/systemd/random-seed
# Only systemd-boot keeps a seed there, and to look for it may mount the partition.
if [ -e /sys/firmware/efi/efivars/LoaderInfo-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f ]; then
  rm -f /boot/efi/loader/random-seed /efi/loader/random-seed /boot/loader/random-seed
fi

journalctl --relinquish-var >/dev/null 2>&1
rm -rf /var/log/journal/*
rm -f /var/log/cloud-init.log /var/log/cloud-init-output.log
for log in wtmp btmp lastlog faillog auth.log secure syslog messages daemon.log user.log kern.log waagent.log; do
  [ ! -f /var/log/$log ] || : >/var/log/$log
done
[ ! -f /var/log/apt/history.log ] || sed -i '/^Requested-By: ${user} /d' /var/log/apt/history.log
rm -f ${DEPROVISIONING_SCRIPT} /tmp/kiln-*.sh /var/tmp/kiln-deprovisioning.sh

cd /
sync
fstrim -a >/dev/null 2>&1 || echo 'kiln: the free space could not be trimmed' >&2
sync
echo '${GENERALIZED_MARK}'
systemctl --no-block poweroff >/dev/null 2>&1 || poweroff
`;
}
