import { randomBytes } from 'node:crypto';
import { constants, link, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { copySparse } from '../disk/copy-sparse.ts';
import type { Progress } from '../disk/disk-format.ts';
import { diskError } from '../errors/disk.ts';
import { ownerName } from '../home/process-lock.ts';
import { blobPath } from './blob-path.ts';
import { pinBlob } from './pins.ts';
import { ownsRegion, regionOfAnother } from './region-owner.ts';
import type { Store, StoreTransaction } from './store.ts';
import { wantedPaths } from './wanted-blobs.ts';

/** A finished file that is to be stored. `digest` is known to be that of its bytes. */
export interface FinishedFile {
  readonly path: string;
  readonly digest: string;
}

export interface PutOptions {
  readonly signal: AbortSignal;
  /** In bytes. Not called where the file needs no copying. */
  readonly onProgress?: (progress: Progress) => void;
  /** The file is nobody else's any more: let the region take it over where it is on the same file system. */
  readonly takeOver: boolean;
}

export interface PutBlobOptions extends PutOptions {
  /** Who keeps the blob until something refers to it (`workHolder`). */
  readonly holder: string;
}

/**
 * Puts a file into a region under its digest and returns the blob's path. The blob is whole or not there. It is pinned:
 * refer to it in a transaction, then release the pins of the holder.
 *
 * @throws KilnError `DiskChanged` when the file did not have the stated digest; `RegionOfAnotherStore`; the signal's reason.
 */
export async function putBlob(
  store: Store,
  region: string,
  file: FinishedFile,
  options: PutBlobOptions,
): Promise<string> {
  const path = blobPath(store, region, file.digest);
  await mkdir(store.region(region).blobs, { recursive: true, mode: 0o755 });
  const pin = (trx: StoreTransaction) => pinBlob(trx, { region, digest: file.digest }, options.holder);
  const there = await store.write(async trx => {
    if (!(await ownsRegion(store, trx, region, () => wantedPaths(store, trx)))) throw regionOfAnother(store, region);
    await pin(trx);
    return exists(path);
  });
  if (there) return path;
  await withIncoming(store, region, file, options, incoming =>
    // Under the write lock nobody collects garbage: from here on the pin and the file exist together.
    store.write(async trx => {
      await pin(trx);
      await rename(incoming, path);
      await syncDirectory(store.region(region).blobs);
    }),
  );
  return path;
}

/**
 * Brings a file into a region's `incoming` directory, read-only and on the drive, and hands the path to `place`, which moves
 * it to where it belongs. Nothing is left in `incoming`.
 */
export async function withIncoming<T>(
  store: Store,
  region: string,
  file: FinishedFile,
  options: PutOptions,
  place: (incoming: string) => Promise<T>,
): Promise<T> {
  const directory = store.region(region).incoming;
  await mkdir(directory, { recursive: true, mode: 0o755 });
  const incoming = join(directory, `${ownerName()}-${randomBytes(6).toString('hex')}`);
  try {
    if (!(options.takeOver && (await linked(file.path, incoming)))) await copied(file, incoming, options);
    await seal(incoming);
    options.signal.throwIfAborted();
    return await place(incoming);
  } finally {
    await rm(incoming, { force: true });
  }
}

/** Takes a file away from the user that the disk tools run as, so that it never changes again. */
export async function seal(path: string): Promise<void> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    if (process.getuid?.() === 0) await file.chown(0, 0);
    await file.chmod(0o444);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Makes renames in a directory last. */
export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

export async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return false;
      throw error;
    },
  );
}

async function linked(from: string, to: string): Promise<boolean> {
  return link(from, to).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      // Another file system, or one without links.
      if (['EXDEV', 'EPERM', 'ENOTSUP', 'EMLINK'].includes(error.code ?? '')) return false;
      throw error;
    },
  );
}

async function copied(file: FinishedFile, to: string, options: PutOptions): Promise<void> {
  const found = await copySparse(file.path, to, {
    signal: options.signal,
    ...(options.onProgress === undefined ? {} : { onProgress: options.onProgress }),
  });
  if (found !== file.digest) throw diskError('DiskChanged', { file: file.path, expected: file.digest, found });
}
