import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { makeKeyPair } from '../ssh/key-pair.ts';
import { userData } from './seed.ts';

const hostKey = makeKeyPair('host@kiln');
const text = userData({
  instanceId: 'i-1',
  hostName: 'kiln-build',
  user: 'packer',
  authorizedKey: 'ssh-ed25519 AAAA packer@kiln',
  hostKey,
});

test('the guest gets one account that only the key opens, and the host key that is expected of it', () => {
  expect(text.startsWith('#cloud-config\n')).toBe(true);
  expect(parse(text)).toMatchObject({
    users: [{ name: 'packer', lock_passwd: true, ssh_authorized_keys: ['ssh-ed25519 AAAA packer@kiln'] }],
    ssh_pwauth: false,
    ssh_keys: { ed25519_private: hostKey.privateKey, ed25519_public: hostKey.publicKey },
  });
});
