import { BlockList, isIP, SocketAddress } from 'node:net';
import {
  PUBLIC_IPV6,
  SPECIAL_IPV4,
  SPECIAL_IPV6,
  type SpecialRange,
  TRANSLATED_IPV4,
} from '../config/special-ranges.ts';
import { configError } from '../errors/config.ts';

/** What a denied address is, in words: `loopback`, `private` ... */
export type Denial = string;

/** Says why an IP address may not be reached; `undefined` means that it may. */
export type AddressGuard = (address: string) => Denial | undefined;

/**
 * Only public unicast addresses pass, and what the site allows by address or CIDR range.
 * IPv6 forms of IPv4 addresses are judged as the IPv4 address that the packets would go to.
 *
 * @param file - the configuration that `allow` comes from, for messages.
 * @throws KilnError `ConfigInvalid` when an entry of `allow` is neither an address nor a range.
 */
export function addressGuard(allow: readonly string[], file: string): AddressGuard {
  const allowed = new BlockList();
  allow.forEach((entry, index) => {
    if (!addRange(allowed, entry)) {
      throw configError('ConfigInvalid', {
        file,
        path: `network.allow.${index}`,
        reason: `\`${entry}\` is neither an IP address nor a range like 10.1.2.0/24`,
      });
    }
  });
  return text => {
    const address = plain(text);
    const version = isIP(address);
    if (version === 0) return 'not an IP address';
    if (allowed.check(address, version === 4 ? 'ipv4' : 'ipv6')) return undefined;
    return version === 4 ? denialOfIPv4(address) : denialOfIPv6(address);
  };
}

const specialIPv4 = SPECIAL_IPV4.map(compiled);
const specialIPv6 = SPECIAL_IPV6.map(compiled);
const publicIPv6 = listOf(PUBLIC_IPV6);
const translated = listOf(TRANSLATED_IPV4);

function denialOfIPv4(address: string): Denial | undefined {
  return specialIPv4.find(({ list }) => list.check(address, 'ipv4'))?.name;
}

function denialOfIPv6(address: string): Denial | undefined {
  const special = specialIPv6.find(({ list }) => list.check(address, 'ipv6'))?.name;
  if (special !== undefined) return special;
  return publicIPv6.check(address, 'ipv6') ? undefined : 'reserved';
}

/** The address without brackets and zone; the IPv4 address in mapped and translated IPv6 forms. */
function plain(text: string): string {
  const bare = text.replace(/^\[(.*)\]$/, '$1').replace(/%.*$/, '');
  if (isIP(bare) !== 6) return bare;
  const { address } = new SocketAddress({ address: bare, family: 'ipv6' });
  const groups = expanded(address);
  const mapped = groups.slice(0, 5).every(group => group === 0) && groups[5] === 0xffff;
  if (!mapped && !translated.check(address, 'ipv6')) return address;
  return groups
    .slice(6)
    .flatMap(group => [group >> 8, group & 0xff])
    .join('.');
}

/** The eight groups of an IPv6 address, whose last two may be written as IPv4. */
function expanded(address: string): number[] {
  const hexadecimal = address.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_all, a, b, c, d) =>
    [Number(a) * 256 + Number(b), Number(c) * 256 + Number(d)].map(group => group.toString(16)).join(':'),
  );
  const [head = '', tail] = hexadecimal.split('::');
  const groupsOf = (part: string) => (part === '' ? [] : part.split(':').map(group => Number.parseInt(group, 16)));
  const before = groupsOf(head);
  const after = groupsOf(tail ?? '');
  return [...before, ...Array.from({ length: 8 - before.length - after.length }, () => 0), ...after];
}

function compiled({ range, name }: SpecialRange): { readonly name: string; readonly list: BlockList } {
  return { name, list: listOf(range) };
}

function listOf(range: string): BlockList {
  const list = new BlockList();
  addRange(list, range);
  return list;
}

function addRange(list: BlockList, range: string): boolean {
  const [address = '', prefix, more] = range.trim().split('/');
  const version = isIP(address);
  const family = version === 4 ? 'ipv4' : 'ipv6';
  if (version === 0 || more !== undefined) return false;
  if (prefix === undefined) {
    list.addAddress(address, family);
    return true;
  }
  if (!/^\d{1,3}$/.test(prefix) || Number(prefix) > (version === 4 ? 32 : 128)) return false;
  list.addSubnet(address, Number(prefix), family);
  return true;
}
