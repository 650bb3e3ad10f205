/** A range of addresses that is not a place on the public Internet, and what it is for. */
export interface SpecialRange {
  readonly range: string;
  readonly name: string;
}

/** IPv4: what the IANA special-purpose registry lists as not globally reachable, multicast, and the Azure host. */
export const SPECIAL_IPV4: readonly SpecialRange[] = [
  { range: '0.0.0.0/8', name: 'this network' },
  { range: '10.0.0.0/8', name: 'private' },
  { range: '100.64.0.0/10', name: 'shared address space' },
  { range: '127.0.0.0/8', name: 'loopback' },
  { range: '168.63.129.16/32', name: 'the Azure host' },
  { range: '169.254.0.0/16', name: 'link-local' },
  { range: '172.16.0.0/12', name: 'private' },
  { range: '192.0.0.0/24', name: 'protocol assignments' },
  { range: '192.0.2.0/24', name: 'documentation' },
  { range: '192.88.99.0/24', name: '6to4 relay' },
  { range: '192.168.0.0/16', name: 'private' },
  { range: '198.18.0.0/15', name: 'benchmarking' },
  { range: '198.51.100.0/24', name: 'documentation' },
  { range: '203.0.113.0/24', name: 'documentation' },
  { range: '224.0.0.0/4', name: 'multicast' },
  { range: '240.0.0.0/4', name: 'reserved' },
];

/** IPv6: only 2000::/3 is public. These name what lies outside of it, and the exceptions within. */
export const SPECIAL_IPV6: readonly SpecialRange[] = [
  { range: '::1/128', name: 'loopback' },
  { range: '::/128', name: 'unspecified' },
  { range: 'fc00::/7', name: 'private' },
  { range: 'fe80::/10', name: 'link-local' },
  { range: 'ff00::/8', name: 'multicast' },
  { range: '2001::/23', name: 'protocol assignments' },
  { range: '2001:db8::/32', name: 'documentation' },
  { range: '2002::/16', name: '6to4' },
  { range: '3fff::/20', name: 'documentation' },
];

export const PUBLIC_IPV6 = '2000::/3';

/** Translators put an IPv4 address behind this prefix: the address behind it is what counts. */
export const TRANSLATED_IPV4 = '64:ff9b::/96';
