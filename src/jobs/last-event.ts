import { open } from 'node:fs/promises';

/** Longer than any line of `events.jsonl`. */
const TAIL_BYTES = 1024 * 1024;

/** Number of the last event in an `events.jsonl`; 0 without one. What is behind the last line break is not whole. */
export async function lastSeq(path: string): Promise<number> {
  const file = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    return undefined;
  });
  if (file === undefined) return 0;
  try {
    const { size } = await file.stat();
    const length = Math.min(size, TAIL_BYTES);
    const { buffer } = await file.read(Buffer.alloc(length), 0, length, size - length);
    const lines = buffer.toString('utf8').split('\n').slice(0, -1);
    for (const line of lines.toReversed()) {
      const seq = seqIn(line);
      if (seq !== undefined) return seq;
    }
    return 0;
  } finally {
    await file.close();
  }
}

function seqIn(line: string): number | undefined {
  try {
    const { seq } = JSON.parse(line) as { seq?: unknown };
    return typeof seq === 'number' ? seq : undefined;
  } catch {
    return undefined;
  }
}
