import { readFile, writeFile } from 'node:fs/promises';
import BetterSqlite from 'better-sqlite3';
import { z } from 'zod';
import { serviceError } from '../errors/service.ts';
import { isAlive, ownerName } from '../home/process-lock.ts';
import type { ServiceDirectory } from '../home/service-directory.ts';
import { writeWhole } from '../home/write-whole.ts';

/**
 * Keeps a second service away from a home. Node has no way to lock a file, SQLite has: the lock is the kernel's and ends with the
 * process, so that none is left behind by one that was killed, and two that start at the same time cannot both have it.
 *
 * @throws KilnError `ServiceAlreadyRunning`
 */
export async function lockService(files: ServiceDirectory, home: string): Promise<() => void> {
  // Whoever can read the file could lock it.
  await writeFile(files.lock, '', { flag: 'a', mode: 0o600 });
  const lock = new BetterSqlite(files.lock, { timeout: 0 });
  try {
    lock.pragma('journal_mode = MEMORY');
    lock.exec('BEGIN EXCLUSIVE');
  } catch (cause) {
    lock.close();
    const busy = cause instanceof Error && 'code' in cause && String(cause.code).startsWith('SQLITE_BUSY');
    if (!busy) throw cause;
    const running = await lastAddress(files);
    const holder = running?.alive === true ? `Process ${running.pid}` : 'Another process';
    throw serviceError('ServiceAlreadyRunning', {
      ...{ home, holder },
      ...(running?.alive === true ? { url: running.url } : {}),
    });
  }
  return () => {
    lock.close();
  };
}

const address = z.object({
  url: z.string(),
  pid: z.number(),
  owner: z.string(),
  tenantId: z.string(),
  ownCertificate: z.boolean(),
});

/** Where the service of a home was reached last. */
export interface LastAddress extends z.output<typeof address> {
  /** Whether that process still runs. */
  readonly alive: boolean;
}

export async function writeAddress(
  files: ServiceDirectory,
  last: { readonly url: string; readonly tenantId: string; readonly ownCertificate: boolean },
): Promise<void> {
  const text = JSON.stringify({ ...last, pid: process.pid, owner: ownerName() });
  await writeWhole(files.address, `${text}\n`, 0o644);
}

/** `undefined` when no service was started yet. */
export async function lastAddress(files: ServiceDirectory): Promise<LastAddress | undefined> {
  const text = await readFile(files.address, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const read = address.safeParse(jsonIn(text));
  return read.success ? { ...read.data, alive: isAlive(read.data.owner) } : undefined;
}

/** A file that a crash left damaged says as much as none. */
function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
