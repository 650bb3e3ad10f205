#!/bin/sh
# Prints the sources of release $1 on the mirrors that this system's own apt uses for Debian.
set -eu
release=$1

# Whatever format the sources are written in, apt lists them as "URL SUITE" here.
configured=$(apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT) $(CREATED_BY)' |
  awk '$3 == "main" && $4 == "Packages" { sub(/\/$/, "", $1); print $1, $2 }')

# The first of the URLs on standard input that has suite $1 of Debian. Others publish under the names of Debian's
# releases, too; whether this one is signed by Debian is checked when it is used.
debian_mirror() {
  while read -r url; do
    /usr/lib/apt/apt-helper -q -o APT::Sandbox::User=root download-file "$url/dists/$1/InRelease" InRelease >&2 || continue
    origin=$(sed -n 's/^Origin: //p' InRelease)
    rm -f InRelease
    if [ "$origin" = Debian ]; then
      echo "$url"
      return
    fi
  done
}

names='oldoldstable|oldstable|stable|testing|unstable|sid|bullseye|bookworm|trixie|forky|duke'
main=$(echo "$configured" | awk -v names="^($names)\$" '$2 ~ names { print $1 }' | uniq | debian_mirror "$release")
if [ -z "$main" ]; then
  echo "apt on this machine has no mirror of Debian with $release configured" >&2
  exit 1
fi
security=$(echo "$configured" | awk -v names="^($names)(-security|/updates)\$" '$2 ~ names { print $1 }' | uniq |
  debian_mirror "$release-security")

echo "deb $main $release main"
echo "deb $main $release-updates main"
if [ -n "$security" ]; then
  echo "deb $security $release-security main"
else
  echo "no mirror of Debian's security updates is configured: the image is made without" >&2
fi
