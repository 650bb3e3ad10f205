import { chmod, chown, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { convertDisk } from '../disk/convert.ts';
import { digestFile } from '../disk/digest.ts';
import type { DiskFormat } from '../disk/disk-format.ts';
import { diskInfo } from '../disk/disk-info.ts';
import type { Emit } from '../events/build-event.ts';
import type { KilnHome } from '../home/kiln-home.ts';
import type { StatedFormat } from './catalogue-schema.ts';
import { listRecords, removeRecord, type SourceRecord, syncDirectory, writeRecord } from './source-index.ts';
import { withSourceLock } from './source-lock.ts';
import { sourcePaths } from './source-paths.ts';

/** A disk as somebody else made it: nothing about it is believed but the format, which was stated. */
export interface ForeignDisk {
  readonly path: string;
  readonly format: StatedFormat;
}

/** What is kept beside a disk. The rest of the record is found out here. */
export type RecordFacts = Omit<SourceRecord, 'v' | 'digest' | 'virtualSizeBytes' | 'sizeBytes' | 'since'>;

export interface KeepContext {
  readonly home: KilnHome;
  /** A directory of the build user that is removed afterwards. */
  readonly directory: string;
  readonly signal: AbortSignal;
  readonly emit: Emit;
}

/**
 * Takes a disk in: refuses one that does not stand alone, converts it to a compressed qcow2 in the sandbox, stores it once
 * under its digest, and notes it.
 *
 * @throws KilnError `DiskRefused`, those of `runTool`; the signal's reason when aborted.
 */
export async function keepDisk(disk: ForeignDisk, facts: RecordFacts, context: KeepContext): Promise<SourceRecord> {
  const { home, directory, signal, emit } = context;
  const paths = sourcePaths(home);
  const format = toolFormat(disk.format);
  const { virtualSizeBytes } = await diskInfo(disk.path, format, { strict: true, shownAs: facts.way, signal });
  const made = join(directory, 'kept.qcow2');
  await convertDisk({
    ...{
      source: disk.path,
      sourceFormat: format,
      destination: made,
      destinationFormat: 'qcow2',
      compress: true,
      signal,
    },
    onProgress: ({ done, total }) =>
      emit({ type: 'progress', what: `Storing ${facts.id}`, done, total, unit: 'percent' }),
  });
  await makeOurs(made);
  const digest = await digestFile(made, { signal });
  const { size: sizeBytes } = await stat(made);
  const record = { v: 1, ...facts, digest, virtualSizeBytes, sizeBytes, since: new Date().toISOString() } as const;
  await withDisks(home, signal, async () => {
    // A disk of the same digest is replaced by an equal one: a second image of it adds a record only.
    const place = paths.disk(digest);
    await mkdir(dirname(place), { recursive: true, mode: 0o755 });
    await rename(made, place);
    await syncDirectory(dirname(place));
    await writeRecord(paths, record);
  });
  return record;
}

/** Forgets an image, and removes its disk unless another image has the same. */
export async function forgetDisk(home: KilnHome, record: SourceRecord, signal: AbortSignal): Promise<void> {
  const paths = sourcePaths(home);
  await withDisks(home, signal, async () => {
    await removeRecord(paths, record.id, record.version);
    const others = (await listRecords(paths)).filter(other => other.digest === record.digest);
    if (others.length > 0) return;
    await rm(paths.disk(record.digest), { force: true });
    await rm(paths.usesOf(record.digest), { recursive: true, force: true });
  });
}

/** Disks and their records change together, and by one process at a time. Takes milliseconds. */
function withDisks<T>(home: KilnHome, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  return withSourceLock({ home, name: 'sources', signal }, work);
}

/** Read-only, on the drive, and no longer the build user's, whose VMs are layered on it. */
async function makeOurs(path: string): Promise<void> {
  if (process.getuid?.() === 0) await chown(path, 0, 0);
  await chmod(path, 0o444);
  const file = await open(path, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

function toolFormat(format: StatedFormat): DiskFormat {
  return format === 'vhd' ? 'vpc' : format;
}
