import { createHash } from 'node:crypto';
import { MiB } from './disk-format.ts';

/** Bytes that one leaf of the hash stands for. */
export const CHUNK_BYTES = MiB;

const ZEROS = Buffer.alloc(CHUNK_BYTES);
const ZERO_LEAF = Buffer.alloc(32);

/** Whether a chunk (at most `CHUNK_BYTES` long) holds nothing but zeros. */
export function isZero(chunk: Buffer): boolean {
  return chunk.equals(chunk.length === CHUNK_BYTES ? ZEROS : ZEROS.subarray(0, chunk.length));
}

export interface TreeHash {
  /** The next chunk: `CHUNK_BYTES` long, but for the last of the file. */
  chunk(bytes: Buffer): void;
  /** The next chunk, known to be zero. */
  zeroChunk(): void;
  /** `kdt1:` and 64 hexadecimal digits, given the file's length in bytes. */
  digest(length: number): string;
}

/**
 * The digest that disks are known by, version 1. A file is cut into chunks of 1 MiB. A leaf is SHA-256 of the byte
 * 0 and the chunk, or 32 zero bytes for a chunk of zeros only. The digest is SHA-256 of the byte 1, the file's length (8
 * bytes, big-endian) and all leaves. So a hole costs nothing, and equal content has an equal digest, sparse or not.
 */
export function treeHash(): TreeHash {
  const leaves: Buffer[] = [];
  return {
    chunk: bytes => {
      leaves.push(isZero(bytes) ? ZERO_LEAF : createHash('sha256').update(LEAF).update(bytes).digest());
    },
    zeroChunk: () => {
      leaves.push(ZERO_LEAF);
    },
    digest: length => {
      const size = Buffer.alloc(8);
      size.writeBigUInt64BE(BigInt(length));
      const root = createHash('sha256').update(ROOT).update(size);
      for (const leaf of leaves) root.update(leaf);
      return `kdt1:${root.digest('hex')}`;
    },
  };
}

const LEAF = Buffer.of(0);
const ROOT = Buffer.of(1);

/** Whether a text is a digest of this kind. */
export function isDigest(text: string): boolean {
  return /^kdt1:[0-9a-f]{64}$/.test(text);
}
