import { expect, test } from 'vitest';
import { SPECIAL_IPV4 } from '../config/special-ranges.ts';
import { guardScript, RESOLVER } from './guard.ts';
import { closedRanges, nameServers, routedRanges } from './host-network.ts';

test('every special range and every range of the host is closed', () => {
  const script = guardScript({ allow: [], deny: ['8.8.4.0/24'] });
  for (const range of [...SPECIAL_IPV4.map(special => special.range), '8.8.4.0/24']) expect(script).toContain(range);
});

test('a closed range is probed unless the site opened it', () => {
  const closed = guardScript({ allow: [], deny: [] });
  expect(probesOf(closed)).toContain('10.0.0.1');
  const open = guardScript({ allow: ['10.0.0.0/8', '198.51.100.7'], deny: [] });
  expect(probesOf(open)).not.toContain('10.0.0.1');
  expect(probesOf(open)).toContain('198.51.100.1');
  expect(open).toContain(`for range in ${RESOLVER}/32 10.0.0.0/8 198.51.100.7/32;`);
});

test.each(['example.org', '10.0.0.0/33', '10.0.0.1/8/8', '300.1.1.1', '$(id)'])('%s is refused', text => {
  expect(() => guardScript({ allow: [text], deny: [] })).toThrow(/network\.allow/);
});

test('an IPv6 entry changes nothing', () => {
  expect(guardScript({ allow: ['2001:db8::1'], deny: [] })).toBe(guardScript({ allow: [], deny: [] }));
});

test('the routing table is read as ranges', () => {
  const table = [
    'Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT',
    'eth0\t00000000\t0102A8C0\t0003\t0\t0\t0\t00000000\t0\t0\t0',
    'eth0\t0002A8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0',
    'vpn0\t00000B33\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0',
  ].join('\n');
  expect(routedRanges(table)).toEqual(['0.0.0.0/0', '192.168.2.0/24', '51.11.0.0/16']);
});

test('only IPv4 name servers count', () => {
  expect(nameServers('# x\nnameserver fe80::1\nnameserver 9.9.9.9\nsearch a\n')).toEqual(['9.9.9.9']);
});

function probesOf(script: string): string[] {
  return /for address in ([^;]*);/.exec(script)?.[1]?.split(' ') ?? [];
}

test('what the host routes is closed, and its own addresses, but for the ways to the Internet', () => {
  const routed = ['0.0.0.0/0', '0.0.0.0/1', '128.0.0.0/1', '192.0.2.0/24'];
  expect(closedRanges(routed, ['127.0.0.1', '192.0.2.7', '8.8.4.4'])).toEqual(['192.0.2.0/24', '8.8.4.4/32']);
});

test('a name server on the loopback of the host is one', () => {
  expect(nameServers('search example.org\nnameserver 127.0.0.53\nnameserver ::1\n')).toEqual(['127.0.0.53']);
});
