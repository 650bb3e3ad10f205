import { randomBytes } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { sourceError } from '../errors/sources.ts';
import { devicesSchema, planInfoSchema } from './catalogue-schema.ts';
import { isImageName, isVersion } from './image-name.ts';
import type { SourcePaths } from './source-paths.ts';

const schema = z.strictObject({
  v: z.literal(1),
  id: z.string(),
  version: z.string().refine(isVersion),
  /** Whether the image is of a catalogue, or was brought by a user and is known from here only. */
  origin: z.enum(['catalogue', 'added']),
  title: z.string(),
  names: z.record(z.string().refine(isImageName), z.enum(['V1', 'V2'])),
  os: z.enum(['Linux', 'Windows']),
  defaultUser: z.string().optional(),
  devices: devicesSchema,
  /** Of a disk that a user brought; the others' are in the catalogue. */
  planInfo: planInfoSchema.optional(),
  digest: z.string(),
  virtualSizeBytes: z.int().positive(),
  sizeBytes: z.int().positive(),
  /** How the disk was got, in a few words. */
  way: z.string(),
  /** ISO 8601, UTC. */
  since: z.string(),
});

/** What is known of an image whose disk is on this machine. */
export type SourceRecord = z.output<typeof schema>;

/** @throws KilnError `SourceRecordUnreadable`. */
export async function readRecord(paths: SourcePaths, id: string, version: string): Promise<SourceRecord | undefined> {
  return readRecordFile(paths.record(id, version));
}

/**
 * All images on this machine, ordered by file name.
 *
 * @throws KilnError `SourceRecordUnreadable`.
 */
export async function listRecords(paths: SourcePaths): Promise<readonly SourceRecord[]> {
  const names = (await readdir(paths.index).catch(() => [])).filter(name => name.endsWith('.json')).sort();
  const records = await Promise.all(names.map(name => readRecordFile(join(paths.index, name))));
  return records.filter(record => record !== undefined);
}

/** Writes a record so that others see the old one or the new one, also after a power failure. */
export async function writeRecord(paths: SourcePaths, record: SourceRecord): Promise<void> {
  const path = paths.record(record.id, record.version);
  await mkdir(dirname(path), { recursive: true, mode: 0o755 });
  const temporary = `${path}.${randomBytes(6).toString('hex')}`;
  try {
    const file = await open(temporary, 'wx', 0o644);
    try {
      await file.writeFile(`${JSON.stringify(record, undefined, 2)}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncDirectory(dirname(path));
}

export async function removeRecord(paths: SourcePaths, id: string, version: string): Promise<void> {
  await rm(paths.record(id, version), { force: true });
}

/** Makes a rename or removal in a directory last through a power failure. */
export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

async function readRecordFile(file: string): Promise<SourceRecord | undefined> {
  try {
    return schema.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    const reason = cause instanceof z.ZodError ? z.prettifyError(cause) : (cause as Error).message;
    throw sourceError('SourceRecordUnreadable', { file, reason }, { cause });
  }
}
