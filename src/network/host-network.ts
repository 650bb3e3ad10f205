import { readFile } from 'node:fs/promises';
import { BlockList } from 'node:net';
import { networkInterfaces } from 'node:os';

/** What the host offers a build's namespace. */
export interface HostNetwork {
  /** Whether IPv4 leads anywhere: without a default route a build VM has no network beyond Kiln itself. */
  readonly hasDefaultRoute: boolean;
  /**
   * The host's own addresses, and ranges that it reaches otherwise than by its default route: its neighbours, its
   * containers, its private networks. What they use may be public addresses, so the list of special ranges doesn't
   * cover them.
   */
  readonly ranges: readonly string[];
  /** The host's first IPv4 name server. On the host's loopback is fine: whoever asks it does so on the host. */
  readonly resolver: string | undefined;
}

const DEFAULT_ROUTE = '0.0.0.0/0';
/** A VPN that wants all traffic covers the default route with two halves: they lead to the Internet as well. */
const WHOLE_INTERNET = [DEFAULT_ROUTE, '0.0.0.0/1', '128.0.0.0/1'];

export async function hostNetwork(): Promise<HostNetwork> {
  const routed = routedRanges(await textOf('/proc/net/route'));
  const [resolver] = nameServers(await textOf('/etc/resolv.conf'));
  return {
    hasDefaultRoute: routed.includes(DEFAULT_ROUTE),
    ranges: closedRanges(routed, ownAddresses()),
    resolver,
  };
}

/** What a build must not reach on the host and around it, given the host's routes and addresses. */
export function closedRanges(routed: readonly string[], own: readonly string[]): string[] {
  const ranges = routed.filter(range => !WHOLE_INTERNET.includes(range));
  const closed = new BlockList();
  closed.addSubnet('127.0.0.0', 8);
  for (const range of ranges) closed.addSubnet(...networkOf(range));
  return [...ranges, ...own.filter(address => !closed.check(address)).map(address => `${address}/32`)];
}

function networkOf(range: string): [string, number] {
  const [network = '', prefix = '32'] = range.split('/');
  return [network, Number(prefix)];
}

/** An address with a mask of 32 bits has no route in the table, and a connection to it still ends on the host. */
function ownAddresses(): string[] {
  return Object.values(networkInterfaces()).flatMap(addresses =>
    (addresses ?? []).filter(({ family }) => family === 'IPv4').map(({ address }) => address),
  );
}

/** Destinations in the kernel's routing table (`/proc/net/route`: little-endian hexadecimal), as CIDR ranges. */
export function routedRanges(table: string): string[] {
  const ranges = table
    .trim()
    .split('\n')
    .slice(1)
    .map(line => line.split('\t'))
    .map(([, destination = '', , , , , , mask = '']) => `${address(destination)}/${bits(mask)}`);
  return [...new Set(ranges)];
}

function octets(littleEndianHex: string): number[] {
  return [...Buffer.from(littleEndianHex, 'hex')].reverse();
}

function address(hex: string): string {
  return octets(hex).join('.');
}

function bits(hex: string): number {
  return octets(hex).reduce((sum, octet) => sum + octet.toString(2).replaceAll('0', '').length, 0);
}

export function nameServers(resolvConf: string): string[] {
  return resolvConf
    .split('\n')
    .map(line => /^\s*nameserver\s+(\d+\.\d+\.\d+\.\d+)\s*$/.exec(line)?.[1])
    .filter(server => server !== undefined);
}

async function textOf(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '');
}
