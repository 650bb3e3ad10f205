import { storeError } from '../errors/store.ts';
import { blobPath, exists } from '../store/blobs.ts';
import type { GalleryVersionRow } from '../store/database.ts';
import { pinBlob } from '../store/pins.ts';
import { regionName } from '../store/regions.ts';
import type { Store, StoreTransaction } from '../store/store.ts';
import { findDefinition } from './ensure.ts';
import { findManagedImage } from './managed-image.ts';
import { definitionId, keyOf, parseManagedImageId, parseVersionId, type VersionId } from './resource-id.ts';
import { compareVersions, parseVersion, renderVersion } from './version-number.ts';

/** A published image as a source of a build. Sizes are bytes. */
export interface ResolvedImage {
  readonly digest: string;
  /** Read-only qcow2 that stands alone. */
  readonly path: string;
  readonly region: string;
  readonly sizeBytes: number;
  readonly virtualSizeBytes: number;
  readonly os: 'Linux' | 'Windows';
  readonly generation: 'V1' | 'V2';
  /** ARM id without `latest` in it. */
  readonly exactId: string;
  /** Of a gallery image version. */
  readonly version?: string;
}

export interface ResolveOptions {
  /** Who keeps the disk from being collected: `runHolder(runId)`, or `workHolder()` for the life of this process. */
  readonly holder: string;
}

export interface ResolveVersionOptions extends ResolveOptions {
  /** Region whose copy is wanted. */
  readonly location: string;
  /** Refuse, as the service does, a version without a copy in that region. */
  readonly strict: boolean;
}

/** @throws KilnError `BadResourceId`, `ImageNotFound`, `BlobMissing`. */
export function resolveManagedImage(store: Store, imageId: string, options: ResolveOptions): Promise<ResolvedImage> {
  const id = parseManagedImageId(imageId);
  return store.write(async trx => {
    const row = await findManagedImage(trx, id);
    if (row === undefined) throw storeError('ImageNotFound', { what: 'managed image', id: imageId });
    return {
      ...(await openBlob(store, trx, row.id, { region: row.location, digest: row.digest }, options.holder)),
      sizeBytes: Number(row.size_bytes),
      virtualSizeBytes: Number(row.virtual_size_bytes),
      os: row.os,
      generation: row.generation,
      exactId: row.id,
    };
  });
}

/**
 * Resolves `.../versions/1.2.3`, or `.../versions/latest`: the highest version that is not excluded from latest.
 *
 * @throws KilnError `BadResourceId`, `ImageNotFound`, `ImageNotInRegion` with `strict`, `BlobMissing`.
 */
export function resolveGalleryVersion(
  store: Store,
  imageVersionId: string,
  options: ResolveVersionOptions,
): Promise<ResolvedImage> {
  const id = parseVersionId(imageVersionId);
  const location = regionName(options.location);
  return store.write(async trx => {
    const row = await findVersion(trx, id);
    const definition = await findDefinition(trx, id);
    if (row === undefined || definition === undefined) {
      throw storeError('ImageNotFound', { what: 'gallery image version', id: imageVersionId });
    }
    const copies = await trx
      .selectFrom('gallery_version_regions')
      .selectAll()
      .where('version_key', '=', row.key)
      .orderBy('position')
      .execute();
    const here = copies.find(copy => copy.region === location);
    const copy = here ?? (options.strict ? undefined : copies[0]);
    if (copy === undefined) {
      const found = copies.map(({ region }) => region).join(', ');
      throw storeError('ImageNotInRegion', { id: row.id, region: location, found });
    }
    return {
      ...(await openBlob(store, trx, row.id, copy, options.holder)),
      sizeBytes: Number(row.size_bytes),
      virtualSizeBytes: Number(row.virtual_size_bytes),
      os: definition.os,
      generation: definition.generation,
      exactId: row.id,
      version: row.name,
    };
  });
}

/** The published version of that number, or the latest. A version that is being published is not there yet. */
export async function findVersion(
  db: Pick<StoreTransaction, 'selectFrom'>,
  id: VersionId,
): Promise<GalleryVersionRow | undefined> {
  const rows = await db
    .selectFrom('gallery_versions')
    .selectAll()
    .where('definition_key', '=', keyOf(definitionId(id)))
    .where('status', '=', 'Published')
    .execute();
  if (id.version.toLowerCase() === 'latest') {
    const candidates = rows.filter(row => row.exclude_from_latest === 0);
    return [...candidates].sort(compareVersions).at(-1);
  }
  const wanted = renderVersion(parseVersion(id.version));
  return rows.find(row => row.name === wanted);
}

async function openBlob(
  store: Store,
  trx: StoreTransaction,
  id: string,
  blob: { readonly region: string; readonly digest: string },
  holder: string,
): Promise<{ digest: string; path: string; region: string }> {
  const { region, digest } = blob;
  const path = blobPath(store, region, digest);
  if (!(await exists(path))) throw storeError('BlobMissing', { id, path });
  await pinBlob(trx, { region, digest }, holder);
  return { digest, path, region };
}
