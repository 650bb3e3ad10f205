import type { FileHandle } from 'node:fs/promises';
import type { Extent } from './data-extents.ts';
import { CHUNK_BYTES } from './tree-hash.ts';

/** One chunk of a file; `bytes` is absent for a chunk that lies in a hole. Valid until the next one is asked for. */
export interface Chunk {
  readonly offset: number;
  readonly length: number;
  readonly bytes: Buffer | undefined;
}

/** Walks a file chunk by chunk, reading ahead by one, and reads nothing of its holes. */
export async function* chunks(
  file: FileHandle,
  size: number,
  extents: readonly Extent[],
  signal?: AbortSignal,
): AsyncGenerator<Chunk> {
  const buffers = [Buffer.allocUnsafe(CHUNK_BYTES), Buffer.allocUnsafe(CHUNK_BYTES)] as const;
  let turn = 0;
  let ahead: Promise<Buffer> | undefined;
  const plan = chunkPlan(size, extents);
  try {
    let next = plan.next();
    while (!next.done) {
      const { offset, length, data } = next.value;
      signal?.throwIfAborted();
      const reading = data ? (ahead ?? readFully(file, buffers[turn % 2 === 0 ? 0 : 1], offset, length)) : undefined;
      const bytes = await reading;
      ahead = undefined;
      next = plan.next();
      if (!next.done && next.value.data) {
        turn += 1;
        ahead = readFully(file, buffers[turn % 2 === 0 ? 0 : 1], next.value.offset, next.value.length);
        // Whoever stops early closes the file under this read: that failure is nobody's.
        ahead.catch(() => undefined);
      }
      yield { offset, length, bytes };
    }
  } finally {
    await ahead?.catch(() => undefined);
  }
}

function* chunkPlan(
  size: number,
  extents: readonly Extent[],
): Generator<{ readonly offset: number; readonly length: number; readonly data: boolean }> {
  let at = 0;
  for (let offset = 0; offset < size; offset += CHUNK_BYTES) {
    const end = Math.min(offset + CHUNK_BYTES, size);
    let extent = extents[at];
    while (extent !== undefined && extent.end <= offset) {
      at += 1;
      extent = extents[at];
    }
    yield { offset, length: end - offset, data: extent !== undefined && extent.start < end };
  }
}

async function readFully(file: FileHandle, buffer: Buffer, offset: number, length: number): Promise<Buffer> {
  let done = 0;
  while (done < length) {
    const { bytesRead } = await file.read(buffer, done, length - done, offset + done);
    if (bytesRead === 0) throw new Error(`The file became shorter while it was read (at ${offset + done} bytes)`);
    done += bytesRead;
  }
  return buffer.subarray(0, length);
}
