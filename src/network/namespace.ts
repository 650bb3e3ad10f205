import { type GuardRules, guardScript, RESOLVER } from './guard.ts';
import { hostNetwork } from './host-network.ts';

/**
 * What a machine is plugged into: words before its command that put it into a network namespace of its own. The
 * namespace ends with the command.
 */
export interface GuestNetwork {
  readonly command: readonly string[];
  /** Content of `/etc/resolv.conf` outside and inside of the namespace. */
  readonly outerResolvConf: string;
  readonly innerResolvConf: string;
  /** Device nodes that the command opens. */
  readonly devices: readonly string[];
  /** False when the host itself has no way out: the guest then reaches nothing. */
  readonly online: boolean;
}

/**
 * An unprivileged namespace with guarded user networking: the public Internet, name resolution through the host's
 * resolver, the addresses that the site allows, and nothing else. No port is opened on the host.
 *
 * @throws KilnError `SandboxUnavailable` for a bad entry in `allow`.
 */
export async function guardedNetwork(allow: readonly string[]): Promise<GuestNetwork> {
  const host = await hostNetwork();
  const rules: GuardRules = { allow, deny: host.ranges };
  const innerResolvConf = `nameserver ${RESOLVER}\n`;
  if (!host.hasDefaultRoute) {
    return {
      command: [
        'unshare',
        '--user',
        '--map-root-user',
        '--net',
        '--',
        'sh',
        '-euc',
        'ip link set lo up; exec "$@"',
        'kiln-offline',
      ],
      outerResolvConf: '',
      innerResolvConf,
      devices: [],
      online: false,
    };
  }
  return {
    command: [
      ...['pasta', '--config-net', '--ipv4-only', '--no-map-gw', '--quiet'],
      ...(host.resolver === undefined ? [] : ['--dns-forward', RESOLVER]),
      ...['--tcp-ports', 'none', '--udp-ports', 'none', '--tcp-ns', 'none', '--udp-ns', 'none', '--'],
      ...['unshare', '--mount', '--', 'sh', '-c', guardScript(rules), 'kiln-guard'],
    ],
    outerResolvConf: host.resolver === undefined ? '' : `nameserver ${host.resolver}\n`,
    innerResolvConf,
    devices: ['/dev/net/tun'],
    online: true,
  };
}
