import { type FileHandle, open } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';

/** A line of a file that grows, without its line break. */
export interface TailLine {
  readonly text: string;
  /** Position of the next line. */
  readonly end: number;
}

export interface TailOptions {
  /** Where to begin: 0, or the end of a line. */
  readonly from: number;
  /** Whether nothing is added any more. Asked when there is nothing new; what was added before the answer is read still. */
  readonly ended: () => Promise<boolean>;
  readonly signal: AbortSignal;
  readonly pollMs?: number;
  /** Of how long a silence `undefined` is a sign. */
  readonly heartbeatMs?: number;
}

const CHUNK_BYTES = 64 * 1024;
/** No line is longer: events are cut where they arise. */
const LONGEST_LINE_BYTES = 8 * 1024 * 1024;
const POLL_MS = 250;
const HEARTBEAT_MS = 15_000;
/** So many looks at the file for each look at the run. */
const LOOKS = 4;

/**
 * The lines of a file, those that are there and those to come, some at a time; `undefined` from time to time where there are none.
 * Nothing is read before it is asked for. The file need not exist yet.
 */
export async function* tailLines(
  path: string,
  options: TailOptions,
): AsyncGenerator<readonly TailLine[] | undefined, void> {
  const { ended, signal, pollMs = POLL_MS, heartbeatMs = HEARTBEAT_MS } = options;
  let at = options.from;
  let file: FileHandle | undefined;
  let last = false;
  let quiet = 0;
  try {
    for (let look = 0; !signal.aborted; look += 1) {
      file ??= await openIfThere(path);
      const lines = file === undefined ? [] : await linesFrom(file, at);
      const end = lines.at(-1)?.end;
      if (end !== undefined) {
        at = end;
        quiet = 0;
        // What comes next, if nothing does, is to ask whether that was the end.
        look = -1;
        yield lines;
        continue;
      }
      if (last) return;
      if (look % LOOKS === 0 && (await ended())) {
        last = true;
        continue;
      }
      await delay(pollMs, undefined, { signal }).catch(() => undefined);
      quiet += pollMs;
      if (quiet >= heartbeatMs) {
        quiet = 0;
        yield undefined;
      }
    }
  } finally {
    await file?.close();
  }
}

async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Whole lines from a position on, at least one if there is one, and not many. */
async function linesFrom(file: FileHandle, from: number): Promise<readonly TailLine[]> {
  for (let length = CHUNK_BYTES; length <= LONGEST_LINE_BYTES; length *= 4) {
    const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(length), 0, length, from);
    const lines: TailLine[] = [];
    let start = 0;
    for (let stop = buffer.indexOf(10, start); stop !== -1 && stop < bytesRead; stop = buffer.indexOf(10, start)) {
      lines.push({ text: buffer.toString('utf8', start, stop), end: from + stop + 1 });
      start = stop + 1;
    }
    if (lines.length > 0 || bytesRead < length) return lines;
  }
  throw new Error('a line of the events of a run is too long');
}

/** Whether a position is one that a line begins at, or the end of the last. */
export async function isLineStart(path: string, position: number): Promise<boolean> {
  if (position === 0) return true;
  const file = await openIfThere(path);
  if (file === undefined) return false;
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(1), 0, 1, position - 1);
    return bytesRead === 1 && buffer[0] === 10;
  } finally {
    await file.close();
  }
}
