import { describe, expect, test } from 'vitest';
import { addressGuard } from './address-guard.ts';

const guard = addressGuard([], 'config.yaml');

describe('addressGuard', () => {
  test.each([
    ['127.0.0.1', 'loopback'],
    ['127.255.1.2', 'loopback'],
    ['10.1.2.3', 'private'],
    ['172.31.255.255', 'private'],
    ['192.168.0.1', 'private'],
    ['169.254.169.254', 'link-local'],
    ['168.63.129.16', 'the Azure host'],
    ['100.64.0.1', 'shared address space'],
    ['0.0.0.0', 'this network'],
    ['224.0.0.1', 'multicast'],
    ['255.255.255.255', 'reserved'],
    ['192.0.2.9', 'documentation'],
    ['::1', 'loopback'],
    ['::', 'unspecified'],
    ['[::1]', 'loopback'],
    ['fd00::1', 'private'],
    ['fe80::1%eth0', 'link-local'],
    ['ff02::1', 'multicast'],
    ['2001:db8::1', 'documentation'],
    ['2002:7f00:1::', '6to4'],
    ['2001:0:1::', 'protocol assignments'],
    ['fec0::1', 'reserved'],
    ['64:ff9b:1::1', 'reserved'],
    ['::ffff:127.0.0.1', 'loopback'],
    ['::ffff:a9fe:a9fe', 'link-local'],
    ['::ffff:0:10.0.0.1', 'reserved'],
    ['::127.0.0.1', 'reserved'],
    ['64:ff9b::10.0.0.1', 'private'],
    ['64:ff9b::a9fe:a9fe', 'link-local'],
    ['example.org', 'not an IP address'],
  ])('%s is refused: %s', (address, why) => {
    expect(guard(address)).toBe(why);
  });

  test.each(['1.1.1.1', '172.32.0.1', '100.128.0.1', '2606:4700::1111', '::ffff:8.8.8.8', '64:ff9b::8.8.8.8'])(
    '%s is public',
    address => {
      expect(guard(address)).toBeUndefined();
    },
  );

  test('what the site allows passes, in every form, and nothing beside it', () => {
    const site = addressGuard(['127.0.0.1', '10.20.0.0/16', 'fd00:1::/32'], 'config.yaml');
    expect(['127.0.0.1', '::ffff:127.0.0.1', '10.20.3.4', 'fd00:1::5'].map(site)).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
    expect(['127.0.0.2', '10.21.0.1', '::1', 'fd00:2::5'].map(site)).toEqual([
      'loopback',
      'private',
      'loopback',
      'private',
    ]);
  });

  test.each(['10.0.0.0/33', 'intranet', '10.0.0.0/8/8', '10.0.0/8', 'fd00::/129', ''])(
    'an entry that is no address is an error of the configuration: %s',
    entry => {
      expect(() => addressGuard(['10.0.0.1', entry], '/home/config.yaml')).toThrowError(
        /\/home\/config\.yaml.*network\.allow\.1/,
      );
    },
  );
});
