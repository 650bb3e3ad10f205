import { stat } from 'node:fs/promises';
import { storeError } from '../errors/store.ts';
import { blobPath } from '../store/blob-path.ts';
import { putBlob } from '../store/blobs.ts';
import type { GalleryVersionRegionRow, GalleryVersionRow } from '../store/database.ts';
import { collectGarbage } from '../store/garbage.ts';
import { pinBlob, releasePins, workHolder } from '../store/pins.ts';
import type { Store, StoreTransaction } from '../store/store.ts';
import type { ReplicaTarget } from './gallery-version.ts';

export interface Replication {
  /** Key of the version. */
  readonly key: string;
  /** Where the version is to be afterwards: at least one region. */
  readonly regions: readonly ReplicaTarget[];
  readonly signal: AbortSignal;
  /** Bytes copied to a region so far. */
  readonly onCopy?: (region: string, done: number, total: number) => void;
}

interface Blob {
  readonly digest: string;
  readonly path: string;
  readonly sizeBytes: number;
}

/**
 * Brings a published version to the regions that it is not in yet, each with a verified copy, and takes it from those where it is no
 * longer wanted; a shallow version's regions refer to its one copy. All of that becomes visible in one commit. What is done already is
 * found done.
 *
 * @throws KilnError `ImageNotFound`, `HoldingRegionNeeded`, `DiskChanged`, `BlobMissing`; the signal's reason.
 */
export async function replicateVersion(store: Store, { key, regions, signal, onCopy }: Replication): Promise<void> {
  const holder = workHolder();
  try {
    const start = await store.write(async trx => {
      const found = await stateOf(trx, key);
      const from = found.copies.find(copy => copy.held_in === null) ?? found.copies[0];
      if (from === undefined) throw new Error(`${key} is in no region`);
      const region = from.held_in ?? from.region;
      // Somebody may take the version out of that region meanwhile.
      for (const { digest } of found.disks) await pinBlob(trx, { region, digest }, holder);
      return { ...found, region };
    });
    refuseWithoutHolder(start.copies, regions, start.version);
    const isShallow = start.version.replication_mode === 'Shallow';
    const missing = isShallow ? [] : regions.filter(({ name }) => !start.copies.some(copy => copy.region === name));
    if (missing.length > 0) {
      const blobs = await Promise.all(
        start.disks.map(({ digest }) => blobOf(store, start.version.id, start.region, digest)),
      );
      for (const { name } of missing) await copyTo(store, name, blobs, { holder, signal, onCopy });
    }
    signal.throwIfAborted();
    await store.write(async trx => {
      const { version, copies } = await stateOf(trx, key);
      const held = version.replication_mode === 'Shallow' ? start.region : undefined;
      await trx.deleteFrom('gallery_version_regions').where('version_key', '=', key).execute();
      await trx
        .insertInto('gallery_version_regions')
        .values(
          regions.map(
            (region, position): GalleryVersionRegionRow => ({
              version_key: key,
              region: region.name,
              position,
              digest: version.digest,
              held_in:
                copies.find(copy => copy.region === region.name)?.held_in ??
                (held === undefined || held === region.name ? null : held),
              status: 'Completed',
              replica_count: region.replicaCount,
              storage_account_type: region.storageAccountType,
            }),
          ),
        )
        .execute();
    });
  } finally {
    await releasePins(store, holder);
  }
  await collectGarbage(store);
}

async function stateOf(trx: StoreTransaction, key: string) {
  const version = await trx
    .selectFrom('gallery_versions')
    .selectAll()
    .where('key', '=', key)
    .where('status', '=', 'Published')
    .executeTakeFirst();
  if (version === undefined) throw storeError('ImageNotFound', { what: 'gallery image version', id: key });
  const copies = await trx
    .selectFrom('gallery_version_regions')
    .selectAll()
    .where('version_key', '=', key)
    .orderBy('position')
    .execute();
  const dataDisks = await trx
    .selectFrom('gallery_version_data_disks')
    .select('digest')
    .where('version_key', '=', key)
    .orderBy('lun')
    .execute();
  return { version, copies, disks: [{ digest: version.digest }, ...dataDisks] };
}

/** The regions of a shallow version cannot do without the one that has the copy. */
function refuseWithoutHolder(
  copies: readonly GalleryVersionRegionRow[],
  wanted: readonly ReplicaTarget[],
  { id, replication_mode }: GalleryVersionRow,
): void {
  if (replication_mode !== 'Shallow') return;
  const holding = copies.find(copy => copy.held_in === null)?.region;
  if (holding === undefined || wanted.some(({ name }) => name === holding)) return;
  throw storeError('HoldingRegionNeeded', { id, region: holding });
}

async function blobOf(store: Store, id: string, region: string, digest: string): Promise<Blob> {
  const path = blobPath(store, region, digest);
  const { size } = await stat(path).catch(cause => {
    throw storeError('BlobMissing', { id, path }, { cause });
  });
  return { digest, path, sizeBytes: size };
}

async function copyTo(
  store: Store,
  region: string,
  blobs: readonly Blob[],
  options: {
    readonly holder: string;
    readonly signal: AbortSignal;
    readonly onCopy: Replication['onCopy'] | undefined;
  },
): Promise<void> {
  const { holder, signal, onCopy } = options;
  const total = blobs.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  let before = 0;
  for (const blob of blobs) {
    const onProgress = ({ done }: { done: number }) => onCopy?.(region, before + done, total);
    await putBlob(store, region, blob, { holder, signal, takeOver: false, onProgress });
    before += blob.sizeBytes;
  }
}
