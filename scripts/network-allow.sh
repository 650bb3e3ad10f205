#!/bin/sh
# Prints, separated by commas, the IPv4 addresses of this machine's own package mirror and resolvers that lie in
# special-purpose ranges (private, shared, documentation, ...). Build VMs may not reach such ranges unless the site allows it.
# Prints nothing on most machines. Loopback is left out: a build VM never reaches the host's own loopback.
#   network-allow.sh [DIRECTORY]    reads the configuration in DIRECTORY instead of /etc
set -eu
etc=${1:-/etc}

# Hosts of the distribution's own mirrors: entries whose suite is this release (or its -updates, -security).
. "$etc/os-release"
release=${VERSION_CODENAME:-none}
mirror_hosts() {
  for file in "$etc"/apt/sources.list "$etc"/apt/sources.list.d/*.list; do
    [ -r "$file" ] || continue
    sed -n 's/^[[:space:]]*deb[[:space:]]\{1,\}\(\[[^]]*\][[:space:]]*\)\{0,1\}//p' "$file" |
      awk -v r="$release" '$2 == r || index($2, r "-") == 1 { print $1 }'
  done
  for file in "$etc"/apt/sources.list.d/*.sources; do
    [ -r "$file" ] || continue
    # Paragraphs of fields, separated by empty lines; comments may stand between them.
    grep -v '^#' "$file" | awk -v r="$release" '
      function flush() { if (ours) printf "%s", uris; ours = 0; uris = "" }
      NF == 0 { flush() }
      tolower($1) == "uris:" { for (i = 2; i <= NF; i++) uris = uris $i "\n" }
      tolower($1) == "suites:" { for (i = 2; i <= NF; i++) if ($i == r || index($i, r "-") == 1) ours = 1 }
      END { flush() }'
  done
}
addresses() {
  mirror_hosts | sed -n 's|^[a-z+]*://\([^/@]*@\)\{0,1\}\([^/:]\{1,\}\).*|\2|p' | sort -u |
    while read -r host; do getent ahostsv4 "$host" || true; done | awk '{ print $1 }'
  [ ! -r "$etc/resolv.conf" ] || awk '$1 == "nameserver" { print $2 }' "$etc/resolv.conf"
}

addresses | sort -u | awk -F. '
  NF != 4 { next }
  $1 == 127 { next }
  $1 == 0 || $1 == 10 || $1 >= 224 { print; next }
  $1 == 100 && $2 >= 64 && $2 < 128 { print; next }
  $1 == 169 && $2 == 254 { print; next }
  $1 == 172 && $2 >= 16 && $2 < 32 { print; next }
  $1 == 192 && ($2 == 168 || $2 == 0 && ($3 == 0 || $3 == 2) || $2 == 88 && $3 == 99) { print; next }
  $1 == 198 && ($2 == 18 || $2 == 19 || $2 == 51 && $3 == 100) { print; next }
  $1 == 203 && $2 == 0 && $3 == 113 { print }
' | paste -s -d, -
