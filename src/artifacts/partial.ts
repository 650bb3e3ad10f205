import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isAlive, ownerName } from '../home/process-lock.ts';

/**
 * A download that has not finished is a directory: `<key>` when nobody works on it, `<key>.<pid>-<start>.<random>`
 * when a process does. Renaming a directory is atomic, so that two processes never write to the same one, and what a
 * killed process left is taken over by whoever comes first. There are no locks that could be left behind.
 */
export interface PartialDownload {
  /** The bytes so far. */
  readonly body: string;
  /** What the bytes belong to; `undefined` for a new one. */
  readonly facts: PartialFacts | undefined;
  /** Notes what the bytes to come belong to. */
  note(facts: PartialFacts): Promise<void>;
  /** Leaves it to be resumed, if it can be: with a validator of the server, or when a checksum is known. */
  keep(checked: boolean): Promise<void>;
  remove(): Promise<void>;
}

export interface PartialFacts {
  /** `ETag` or `Last-Modified`, as the server wrote it: what `If-Range` takes. */
  readonly validator?: string;
  /** Size of the whole, in bytes. */
  readonly total?: number;
}

interface Noted extends PartialFacts {
  /** Bytes written before a power failure may be missing although the file is as long as it should be. */
  readonly bootId: string;
}

const FORGET_AFTER_DAYS = 7;

/** Other things in the same directory are not ours to move. */
const NAME = /^([0-9a-f]{40}|scratch-[0-9a-f]{16})(?:\.(\d+-\d+(?:@[0-9a-f]{8})?)\.[0-9a-f]{8})?$/;

/** Takes over what is there of `url` in `directory`, or starts anew. */
export async function takePartial(directory: string, url: string): Promise<PartialDownload> {
  await mkdir(directory, { recursive: true });
  const key = createHash('sha256').update(url).digest('hex').slice(0, 40);
  for (const { name, key: itsKey } of await abandoned(directory)) {
    if (itsKey !== key) continue;
    const taken = await take(directory, name, key);
    if (taken !== undefined) return partialAt(directory, key, taken);
  }
  return partialAt(directory, key, await fresh(directory, key));
}

/** A directory of this process alone in `directory`, for what is never resumed. Swept like the others. */
export async function scratchPartial(directory: string): Promise<PartialDownload> {
  await mkdir(directory, { recursive: true });
  const key = `scratch-${randomBytes(8).toString('hex')}`;
  return partialAt(directory, key, await fresh(directory, key));
}

/** Removes what nobody came back for within a week, and scratch files of processes that are gone. */
export async function sweepPartials(directory: string, now = Date.now()): Promise<void> {
  for (const { name, key } of await abandoned(directory)) {
    const { mtimeMs } = await stat(join(directory, name, 'body')).catch(() => ({ mtimeMs: 0 }));
    if (!key.startsWith('scratch-') && now - mtimeMs < FORGET_AFTER_DAYS * 86_400_000) continue;
    const taken = await take(directory, name, key);
    if (taken !== undefined) await rm(taken, { recursive: true, force: true });
  }
}

/** PartialDownload downloads that no living process holds. */
async function abandoned(directory: string): Promise<{ name: string; key: string }[]> {
  const names = await readdir(directory).catch(() => []);
  const found: { name: string; key: string }[] = [];
  for (const name of names) {
    const [, key, owner] = NAME.exec(name) ?? [];
    if (key !== undefined && (owner === undefined || !isAlive(owner))) found.push({ name, key });
  }
  return found;
}

/** The directory under its new name; `undefined` when another process was faster. */
async function take(directory: string, name: string, key: string): Promise<string | undefined> {
  const mine = nameOfMine(directory, key);
  try {
    await rename(join(directory, name), mine);
    return mine;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw cause;
  }
}

async function fresh(directory: string, key: string): Promise<string> {
  const mine = nameOfMine(directory, key);
  await mkdir(mine, { mode: 0o700 });
  return mine;
}

function nameOfMine(directory: string, key: string): string {
  return join(directory, `${key}.${ownerName()}.${randomBytes(4).toString('hex')}`);
}

async function partialAt(directory: string, key: string, root: string): Promise<PartialDownload> {
  const notes = join(root, 'facts.json');
  const boot = await bootId();
  const noted = await readNotes(notes);
  const remove = () => rm(root, { recursive: true, force: true });
  return {
    body: join(root, 'body'),
    facts: noted?.bootId === boot ? noted : undefined,
    note: facts => writeFile(notes, JSON.stringify({ ...facts, bootId: boot } satisfies Noted)),
    keep: async checked => {
      const { size } = await stat(join(root, 'body')).catch(() => ({ size: 0 }));
      const validator = (await readNotes(notes))?.validator;
      if (size === 0 || (validator === undefined && !checked)) return remove();
      try {
        await rename(root, join(directory, key));
      } catch (cause) {
        // Another process has left one of the same download: one is enough.
        if (!['ENOTEMPTY', 'EEXIST'].includes((cause as NodeJS.ErrnoException).code ?? '')) throw cause;
        await remove();
      }
    },
    remove,
  };
}

async function readNotes(path: string): Promise<Noted | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Noted;
  } catch {
    return undefined;
  }
}

/** A value that changes with every start of the machine. */
async function bootId(): Promise<string> {
  return (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
}
