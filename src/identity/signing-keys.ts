import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type CryptoKey,
  calculateJwkThumbprint,
  exportJWK,
  exportPKCS8,
  generateKeyPair,
  importJWK,
  importPKCS8,
  type JWK,
} from 'jose';
import { identityError } from '../errors/identity.ts';
import { writeWhole } from '../home/write-whole.ts';

/** The one algorithm of tokens: what every verifier of Azure's tokens knows. */
export const ALGORITHM = 'RS256';
/** A key signs for so long; then there is a new one. */
const SIGNS_FOR_DAYS = 90;
/** A key that no longer signs still verifies for so long. Tokens live for an hour. */
const VERIFIES_FOR_DAYS = 2;
const DAY = 24 * 3_600_000;

/** `20260102T030405678Z.pem`: when the key was made. */
const FILE = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(\d{3})Z\.pem$/;

export interface SigningKey {
  readonly kid: string;
  readonly madeAt: Date;
  readonly privateKey: CryptoKey;
  readonly publicKey: CryptoKey;
  /** The public half, as a JWKS has it. */
  readonly jwk: JWK;
}

/** Keys of tokens: the newest signs, all verify. */
export interface SigningKeys {
  newest(): SigningKey;
  byKid(kid: string): SigningKey | undefined;
  /** The body of a `jwks_uri`. */
  jwks(): { readonly keys: readonly JWK[] };
  /** Makes a new key when the newest is old, and removes those that no token can have been signed with. */
  renew(now?: Date): Promise<void>;
  /** Makes a new key now. */
  rotate(now?: Date): Promise<void>;
}

/**
 * Reads the keys of a directory; makes the first one.
 *
 * @throws KilnError `SigningKeyUnreadable`
 */
export async function openSigningKeys(directory: string, now: Date = new Date()): Promise<SigningKeys> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  let keys = await readKeys(directory);
  const newest = (): SigningKey => {
    const last = keys.at(-1);
    if (last === undefined) throw new Error('There is no signing key');
    return last;
  };
  const rotate = async (at: Date = new Date()) => {
    keys = [...keys, await makeKey(directory, at)];
  };
  const renew = async (at: Date = new Date()) => {
    const last = keys.at(-1);
    if (last === undefined || at.getTime() - last.madeAt.getTime() > SIGNS_FOR_DAYS * DAY) await rotate(at);
    // A key stopped signing when the next one was made.
    const done = keys.filter((_, i) => {
      const next = keys[i + 1];
      return next !== undefined && at.getTime() - next.madeAt.getTime() > VERIFIES_FOR_DAYS * DAY;
    });
    keys = keys.filter(key => !done.includes(key));
    for (const { madeAt } of done) await rm(join(directory, fileName(madeAt)), { force: true });
  };
  await renew(now);
  return {
    newest,
    byKid: kid => keys.find(key => key.kid === kid),
    jwks: () => ({ keys: keys.map(({ jwk }) => jwk) }),
    renew,
    rotate,
  };
}

/** The oldest first. */
async function readKeys(directory: string): Promise<SigningKey[]> {
  const files = (await readdir(directory)).filter(name => FILE.test(name)).sort();
  return Promise.all(files.map(name => readKey(join(directory, name), madeAtOf(name))));
}

async function readKey(file: string, madeAt: Date): Promise<SigningKey> {
  try {
    return await signingKey(await importPKCS8(await readFile(file, 'utf8'), ALGORITHM, { extractable: true }), madeAt);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw identityError('SigningKeyUnreadable', { file, reason }, { cause });
  }
}

async function makeKey(directory: string, madeAt: Date): Promise<SigningKey> {
  const { privateKey } = await generateKeyPair(ALGORITHM, { modulusLength: 2048, extractable: true });
  await writeWhole(join(directory, fileName(madeAt)), await exportPKCS8(privateKey), 0o600);
  return signingKey(privateKey, madeAt);
}

async function signingKey(privateKey: CryptoKey, madeAt: Date): Promise<SigningKey> {
  const { kty, n, e } = await exportJWK(privateKey);
  if (kty !== 'RSA' || n === undefined || e === undefined) throw new Error('it is not an RSA key');
  const kid = await calculateJwkThumbprint({ kty, n, e });
  const jwk: JWK = { kty, n, e, kid, use: 'sig', alg: ALGORITHM };
  const publicKey = await importJWK(jwk, ALGORITHM);
  if (publicKey instanceof Uint8Array) throw new Error('it is not an RSA key');
  return { kid, madeAt, privateKey, publicKey, jwk };
}

function fileName(madeAt: Date): string {
  return `${madeAt.toISOString().replace(/[-:.]/g, '')}.pem`;
}

function madeAtOf(name: string): Date {
  const [, year, month, day, hour, minute, second, millisecond] = FILE.exec(name) ?? [];
  return new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}.${millisecond}Z`);
}
