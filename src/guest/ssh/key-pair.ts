import { generateKeyPairSync, randomBytes } from 'node:crypto';

export interface KeyPair {
  /** OpenSSH private key file. */
  readonly privateKey: string;
  /** One line: `ssh-ed25519 AAAA... comment`. */
  readonly publicKey: string;
}

const KEY_TYPE = 'ssh-ed25519';
/** The private part of a key file is padded as for a cipher, although there is none. */
const BLOCK = 8;

/**
 * A fresh Ed25519 key pair. Encoded here: ssh2's own generator drops zero bytes at the start of the public key, which
 * makes one key in 256 unreadable to every other program and to itself.
 */
export function makeKeyPair(comment: string): KeyPair {
  const { x = '', d = '' } = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
  const [publicPart, seed] = [Buffer.from(x, 'base64url'), Buffer.from(d, 'base64url')];
  const publicBlob = Buffer.concat([string(KEY_TYPE), string(publicPart)]);
  return {
    privateKey: keyFile(publicBlob, privateBlock(publicPart, seed, comment)),
    publicKey: `${KEY_TYPE} ${publicBlob.toString('base64')} ${comment}`,
  };
}

/** The key's bytes as they go over the wire. */
export function wireFormat(publicKey: string): Buffer {
  return Buffer.from(publicKey.split(' ')[1] ?? '', 'base64');
}

function keyFile(publicBlob: Buffer, privatePart: Buffer): string {
  const [cipher, derivation, derivationOptions] = [string('none'), string('none'), string('')];
  const keys = number(1);
  const content = Buffer.concat([
    Buffer.from('openssh-key-v1\0'),
    ...[cipher, derivation, derivationOptions, keys, string(publicBlob), string(privatePart)],
  ]);
  const lines = content.toString('base64').match(/.{1,70}/g) ?? [];
  return ['-----BEGIN OPENSSH PRIVATE KEY-----', ...lines, '-----END OPENSSH PRIVATE KEY-----', ''].join('\n');
}

function privateBlock(publicPart: Buffer, seed: Buffer, comment: string): Buffer {
  // Two equal numbers show a reader that it has decrypted the rest.
  const check = randomBytes(4);
  const secret = Buffer.concat([seed, publicPart]);
  const block = Buffer.concat([check, check, string(KEY_TYPE), string(publicPart), string(secret), string(comment)]);
  const missing = (BLOCK - (block.length % BLOCK)) % BLOCK;
  return Buffer.concat([block, Buffer.from(Array.from({ length: missing }, (_, i) => i + 1))]);
}

/** With its length before it, as SSH writes every string. */
function string(content: string | Buffer): Buffer {
  const bytes = Buffer.from(content);
  return Buffer.concat([number(bytes.length), bytes]);
}

function number(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
