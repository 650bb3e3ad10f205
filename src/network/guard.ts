import { BlockList, isIPv4 } from 'node:net';
import { SPECIAL_IPV4 } from '../config/special-ranges.ts';
import { machineError } from '../errors/machine.ts';

/**
 * The address at which the namespace finds its name server: the gateway process answers port 53 there with the
 * host's own resolver. It lies in a range that is not routed anywhere, so no other port leads to a real machine.
 */
export const RESOLVER = '192.0.0.53';

/** An address on the public IPv6 Internet; nothing is sent to it. */
const PUBLIC_IPV6_PROBE = '2001:4860:4860::8888';

/** Exit code of the guard script when the guard could not be set up; its last line on stderr says why. */
const GUARD_FAILED = 97;

export interface GuardRules {
  /** Addresses and ranges that the site opens. IPv6 ones have no effect: builds have no IPv6. */
  readonly allow: readonly string[];
  /** Ranges that are closed besides the special-purpose ones. */
  readonly deny: readonly string[];
}

/**
 * Shell script for the new network namespace: it closes everything that is not the public Internet, proves that
 * it did, and only then runs its arguments. Routes are the guard because they need no kernel module, and because the
 * process that runs behind them has no capability to change them.
 *
 * @throws KilnError `SandboxUnavailable` when `allow` holds something that is no address or range.
 */
export function guardScript(rules: GuardRules): string {
  const allowed = rules.allow.map(checkedRange).filter(range => range !== undefined);
  const denied = [...new Set([...SPECIAL_IPV4.map(({ range }) => range), ...rules.deny])];
  return `set -eu
fail() { echo "kiln-guard: $*" >&2; trap - EXIT; exit ${GUARD_FAILED}; }
trap 'fail "a route could not be set"' EXIT
# The gateway puts its command into a process namespace of its own and leaves the old /proc in place.
mount -t proc proc /proc
ip link set lo up
device=$(ip -4 route show default | sed -n '1s/.* dev \\([^ ]*\\).*/\\1/p')
gateway=$(ip -4 route show default | sed -n '1s/.* via \\([^ ]*\\).*/\\1/p')
[ -n "$device" ] && [ -n "$gateway" ] || fail "the namespace has no default route"
ip -4 route flush dev "$device"
ip -4 route add default via "$gateway" dev "$device" onlink
for range in ${denied.join(' ')}; do ip -4 route add blackhole "$range"; done
ip -6 route flush dev "$device" 2>/dev/null || :
[ ! -e /proc/net/if_inet6 ] || ip -6 route add blackhole default
for range in ${[`${RESOLVER}/32`, ...allowed].join(' ')}; do
  ip -4 route replace "$range" via "$gateway" dev "$device" onlink
done
for address in ${probes(denied, allowed).join(' ')}; do
  # The namespace has the host's address for its own, and nothing of the host behind it.
  case $(ip -4 route get "$address" 2>/dev/null) in '' | local*) ;; *) fail "$address is still reachable" ;; esac
done
! ip -6 route get ${PUBLIC_IPV6_PROBE} >/dev/null 2>&1 || fail "IPv6 is still open"
trap - EXIT
exec "$@"
`;
}

/** One address of each closed range that nothing opens: the namespace itself has to refuse it. */
function probes(denied: readonly string[], allowed: readonly string[]): string[] {
  const open = new BlockList();
  open.addAddress(RESOLVER);
  open.addSubnet('127.0.0.0', 8);
  for (const range of allowed) open.addSubnet(...subnet(range));
  return denied
    .map(range => {
      const [network, prefix] = subnet(range);
      return prefix === 32 ? network : network.replace(/\d+$/, last => String(Number(last) | 1));
    })
    .filter(address => !open.check(address));
}

function subnet(range: string): [string, number] {
  const [network = '', prefix = '32'] = range.split('/');
  return [network, Number(prefix)];
}

/** An address or CIDR range in canonical form; `undefined` for IPv6. */
function checkedRange(text: string): string | undefined {
  const [address = '', prefix = '32', more] = text.split('/');
  if (address.includes(':')) return undefined;
  if (!isIPv4(address) || more !== undefined || !/^\d+$/.test(prefix) || Number(prefix) > 32) {
    throw machineError('SandboxUnavailable', {
      reason: `\`network.allow\` holds \`${text}\`, which is neither an IPv4 address nor a range like 10.1.2.0/24`,
    });
  }
  return `${address}/${Number(prefix)}`;
}
