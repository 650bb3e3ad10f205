import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { storageError } from '../errors/storage.ts';
import { writeWhole } from '../home/write-whole.ts';

const KEY_BYTES = 32;

/** What a signature allows: to read blobs, to list them, or both. */
export type BlobPermission = 'r' | 'l' | 'rl';

/** Signatures in the query of a blob's address, by which it can be read without a token until a time. */
export interface BlobSignatures {
  /**
   * The query for one blob, or for a container with all its blobs.
   *
   * @param path `/blobs/<account>/<container>`, and the blob's, decoded
   */
  sign(path: string, expires: Date, permission: BlobPermission): string;
  /**
   * Whether a path may be read, or listed, by the signature in a query; `false` when there is none in it.
   *
   * @throws KilnError `AuthorizationFailure` for one that is not good, `AuthorizationPermissionMismatch` for one that is for something else.
   */
  allows(path: string, query: URLSearchParams, needed: 'r' | 'l'): boolean;
}

/** @param key 32 secret bytes */
export function blobSignatures(key: Buffer, now: () => Date = () => new Date()): BlobSignatures {
  const mac = (permission: string, resource: string, path: string, expires: string) =>
    createHmac('sha256', key).update(['kiln blob 2', permission, resource, path, expires].join('\n')).digest();
  return {
    sign: (path, expires, sp) => {
      const se = expires.toISOString();
      const sr = partsOf(path).length === CONTAINER_PARTS ? 'c' : 'b';
      return new URLSearchParams({ sp, sr, se, sig: mac(sp, sr, path, se).toString('base64url') }).toString();
    },
    allows: (path, query, needed) => {
      const given = query.get('sig');
      if (given === null) return false;
      const [sr, se, sp] = [query.get('sr'), query.get('se') ?? '', query.get('sp') ?? ''];
      const signed = sr === 'c' ? `/${partsOf(path).slice(0, CONTAINER_PARTS).join('/')}` : path;
      const wanted = mac(sp, sr === 'c' ? 'c' : 'b', signed, se);
      const found = Buffer.from(given, 'base64url');
      if (found.length !== wanted.length || !timingSafeEqual(found, wanted)) {
        throw storageError('AuthorizationFailure', { reason: 'the signature is not valid for this address' });
      }
      // Looked at after the signature: what is not signed says nothing.
      const end = Date.parse(se);
      if (Number.isNaN(end) || end <= now().getTime()) {
        throw storageError('AuthorizationFailure', { reason: `the signature was valid until ${se}` });
      }
      if (!sp.includes(needed)) throw storageError('AuthorizationPermissionMismatch', { permission: sp, needed });
      return true;
    },
  };
}

/** `blobs`, the account and the container. */
const CONTAINER_PARTS = 3;

function partsOf(path: string): readonly string[] {
  return path.split('/').filter(part => part !== '');
}

/** The key of a home's signatures. It is made at the first start and kept: addresses outlive the service. */
export async function openSignatureKey(file: string): Promise<Buffer> {
  const kept = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  const key = Buffer.from(kept.trim(), 'hex');
  if (key.length === KEY_BYTES) return key;
  const fresh = randomBytes(KEY_BYTES);
  await writeWhole(file, `${fresh.toString('hex')}\n`, 0o600);
  return fresh;
}
