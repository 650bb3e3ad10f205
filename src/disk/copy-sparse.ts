import { type FileHandle, open, rm } from 'node:fs/promises';
import { chunks } from './chunks.ts';
import { dataExtents } from './data-extents.ts';
import type { DigestOptions } from './digest.ts';
import { isZero, treeHash } from './tree-hash.ts';

/** A range of zeros of this many bytes becomes a hole. The block size of most file systems. */
const BLOCK_BYTES = 4096;

/**
 * Copies a file to `destination` (which must not exist), holes and blocks of zeros as holes, and returns the digest of what
 * was written. The copy is on the drive when this resolves; on failure there is none.
 *
 * @throws the signal's reason when aborted; the file system's error.
 */
export async function copySparse(source: string, destination: string, options: DigestOptions = {}): Promise<string> {
  const { signal, onProgress } = options;
  const extents = await dataExtents(source, signal);
  const from = await open(source, 'r');
  try {
    const to = await open(destination, 'wx', 0o644);
    try {
      const { size } = await from.stat();
      await to.truncate(size);
      const hash = treeHash();
      for await (const { offset, length, bytes } of chunks(from, size, extents, signal)) {
        if (bytes === undefined) {
          hash.zeroChunk();
          continue;
        }
        hash.chunk(bytes);
        for (const run of dataRuns(bytes)) await writeFully(to, run.bytes, offset + run.at);
        onProgress?.({ done: offset + length, total: size });
      }
      await to.sync();
      onProgress?.({ done: size, total: size });
      return hash.digest(size);
    } catch (error) {
      await rm(destination, { force: true });
      throw error;
    } finally {
      await to.close();
    }
  } finally {
    await from.close();
  }
}

/** The parts of a chunk that hold more than zeros, in whole blocks. */
function* dataRuns(bytes: Buffer): Generator<{ readonly at: number; readonly bytes: Buffer }> {
  let start = -1;
  for (let at = 0; at < bytes.length; at += BLOCK_BYTES) {
    const empty = isZero(bytes.subarray(at, at + BLOCK_BYTES));
    if (!empty && start < 0) start = at;
    if (empty && start >= 0) {
      yield { at: start, bytes: bytes.subarray(start, at) };
      start = -1;
    }
  }
  if (start >= 0) yield { at: start, bytes: bytes.subarray(start) };
}

async function writeFully(file: FileHandle, bytes: Buffer, position: number): Promise<void> {
  let done = 0;
  while (done < bytes.length) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
}
