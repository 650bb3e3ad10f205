# Sourced by ./demo and ./test, which have changed to the checkout's root: sets this machine up and lets build VMs reach this
# machine's own package mirror and resolver where those have addresses that are denied by default.
./scripts/setup.sh
# The system's administration tools are not in every user's path.
PATH=$PWD/node_modules/.bin:$PATH:/usr/sbin:/sbin
export PATH
allow=$(./scripts/network-allow.sh)
if [ -n "$allow" ]; then
  KILN_NETWORK_ALLOW=${KILN_NETWORK_ALLOW:+$KILN_NETWORK_ALLOW,}$allow
  export KILN_NETWORK_ALLOW
  echo "set-up: build VMs may reach $allow (this machine's package mirror and resolver; KILN_NETWORK_ALLOW)" >&2
fi
