import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import type { ChecksumAlgorithm } from './checksum-file.ts';

/** Both digests that publishers use, computed while the bytes pass. */
export interface Digests {
  update(bytes: Uint8Array): void;
  /** Ends the computation. */
  finish(): Readonly<Record<ChecksumAlgorithm, string>>;
}

export function newDigests(): Digests {
  const sha256: Hash = createHash('sha256');
  const sha512: Hash = createHash('sha512');
  return {
    update: bytes => {
      sha256.update(bytes);
      sha512.update(bytes);
    },
    finish: () => ({ sha256: sha256.digest('hex'), sha512: sha512.digest('hex') }),
  };
}

/** Feeds a file to the digests; returns its size in bytes. */
export async function digestInto(digests: Digests, path: string, signal: AbortSignal): Promise<number> {
  let size = 0;
  for await (const chunk of createReadStream(path, { signal, highWaterMark: 1024 * 1024 })) {
    digests.update(chunk as Buffer);
    size += (chunk as Buffer).length;
  }
  return size;
}
