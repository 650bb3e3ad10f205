import { open } from 'node:fs/promises';
import { chunks } from './chunks.ts';
import { dataExtents } from './data-extents.ts';
import type { Progress } from './disk-format.ts';
import { treeHash } from './tree-hash.ts';

export interface DigestOptions {
  readonly signal?: AbortSignal;
  /** In bytes of the file, holes included. */
  readonly onProgress?: (progress: Progress) => void;
}

/**
 * Digest of a file's bytes, `kdt1:<64 hexadecimal digits>` (`tree-hash.ts` says how it is made). It takes time for what is
 * stored, not for holes.
 *
 * @throws the signal's reason when aborted; the file system's error when the file cannot be read.
 */
export async function digestFile(path: string, options: DigestOptions = {}): Promise<string> {
  const { signal, onProgress } = options;
  const extents = await dataExtents(path, signal);
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const hash = treeHash();
    for await (const chunk of chunks(file, size, extents, signal)) {
      if (chunk.bytes === undefined) hash.zeroChunk();
      else hash.chunk(chunk.bytes);
      if (chunk.bytes !== undefined) onProgress?.({ done: chunk.offset + chunk.length, total: size });
    }
    onProgress?.({ done: size, total: size });
    return hash.digest(size);
  } finally {
    await file.close();
  }
}
