import ssh2 from 'ssh2';
import { expect, test } from 'vitest';
import { makeKeyPair, wireFormat } from './key-pair.ts';

test('every key can be read, and its halves belong together', () => {
  // One public key in 256 begins with a zero byte, which is easily cut.
  for (let zeros = 0; zeros < 3; ) {
    const pair = makeKeyPair('packer@kiln');
    const key = ssh2.utils.parseKey(pair.privateKey);
    if (key instanceof Error) throw new Error(`${key.message}: ${pair.publicKey}`);
    const wire = wireFormat(pair.publicKey);
    expect(key.getPublicSSH()).toEqual(wire);
    if (wire.at(-32) === 0) zeros += 1;
  }
});

test('a key signs', () => {
  const pair = makeKeyPair('host@kiln');
  const [secret, open] = [ssh2.utils.parseKey(pair.privateKey), ssh2.utils.parseKey(pair.publicKey)];
  if (secret instanceof Error || open instanceof Error) throw new Error('unreadable');
  expect(open.verify('text', secret.sign('text'))).toBe(true);
});

test('the public key is one line with its comment, and no two are the same', () => {
  const { publicKey } = makeKeyPair('packer@kiln');
  expect(publicKey).toMatch(/^ssh-ed25519 [A-Za-z0-9+/]{68} packer@kiln$/);
  expect(makeKeyPair('packer@kiln').publicKey).not.toBe(publicKey);
});
