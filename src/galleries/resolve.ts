import { storeError } from '../errors/store.ts';
import { blobPath } from '../store/blob-path.ts';
import { exists } from '../store/blobs.ts';
import type { DataDiskColumns, GalleryVersionRow, ManagedImageRow } from '../store/database.ts';
import { pinBlob } from '../store/pins.ts';
import { regionName } from '../store/regions.ts';
import type { Store, StoreTransaction } from '../store/store.ts';
import {
  managedImageElsewhere,
  managedImageMissing,
  versionElsewhere,
  versionMissing,
  versionUnusable,
} from './bad-source.ts';
import { findDefinition } from './ensure.ts';
import { findManagedImage } from './managed-image.ts';
import { type PurchasePlan, planOf } from './purchase-plan.ts';
import {
  definitionId,
  keyOf,
  type ManagedImageId,
  parseManagedImageId,
  parseVersionId,
  type VersionId,
} from './resource-id.ts';
import { featuresOf, isExclusive, type SecurityType, securityTypeOf } from './security-type.ts';
import { compareVersions, parseVersion, renderVersion } from './version-number.ts';

/** A published image as a source of a build. Sizes are bytes. */
export interface ResolvedImage {
  readonly digest: string;
  /** Read-only qcow2 that stands alone. */
  readonly path: string;
  readonly region: string;
  readonly sizeBytes: number;
  readonly virtualSizeBytes: number;
  /** In ascending order of LUNs. */
  readonly dataDisks: readonly ResolvedDataDisk[];
  readonly os: 'Linux' | 'Windows';
  readonly generation: 'V1' | 'V2';
  /** ARM id without `latest` in it. */
  readonly exactId: string;
  /** Of a gallery image version. */
  readonly version?: string;
  readonly plan: PurchasePlan | undefined;
  readonly securityType: SecurityType;
  /** What differs from the rules of the service, which only `strict` enforces; sentences for the log. */
  readonly remarks: readonly string[];
}

/** A data disk of a published image. */
export interface ResolvedDataDisk {
  readonly lun: number;
  readonly digest: string;
  /** Read-only qcow2 that stands alone. */
  readonly path: string;
  readonly virtualSizeBytes: number;
}

export interface ResolveOptions {
  /** Who keeps the disk from being collected: `runHolder(runId)`, or `workHolder()` for the life of this process. */
  readonly holder: string;
  /** Region of the template. */
  readonly location: string;
  /** Subscription of the template, where it is known. */
  readonly subscription?: string | undefined;
  /** Refuse, as the service does, a managed image that is not beside the template, or a version without a copy there. */
  readonly strict: boolean;
}

/** @throws KilnError `BadResourceId`, `BadManagedImageSource`, `BlobMissing`. */
export function resolveManagedImage(store: Store, imageId: string, options: ResolveOptions): Promise<ResolvedImage> {
  const id = parseManagedImageId(imageId);
  return store.write(async trx => {
    const row = await findManagedImage(trx, id);
    if (row === undefined) throw managedImageMissing(id);
    const elsewhere = whereElse(id, row, options).map(([where, wanted]) =>
      managedImageElsewhere(row.id, where, wanted),
    );
    const [first] = elsewhere;
    if (first !== undefined && options.strict) throw first;
    const blob = { region: row.location, digest: row.digest };
    const dataDisks = await trx
      .selectFrom('managed_image_data_disks')
      .selectAll()
      .where('image_key', '=', row.key)
      .orderBy('lun')
      .execute();
    return {
      ...(await openBlob(store, trx, row.id, blob, options.holder)),
      dataDisks: await openDataDisks(store, trx, row.id, row.location, dataDisks, options.holder),
      sizeBytes: Number(row.size_bytes),
      virtualSizeBytes: Number(row.virtual_size_bytes),
      os: row.os,
      generation: row.generation,
      exactId: row.id,
      plan: planOf(row.purchase_plan),
      securityType: 'Standard',
      remarks: elsewhere.map(({ message }) => message),
    };
  });
}

function whereElse(
  id: ManagedImageId,
  row: ManagedImageRow,
  options: ResolveOptions,
): [where: string, wanted: string][] {
  const { subscription } = options;
  const location = regionName(options.location);
  const found: [string, string][] = [];
  if (row.location !== location) found.push([`in the region ${row.location}`, `in ${location}`]);
  if (subscription !== undefined && keyOf(subscription) !== keyOf(id.subscription)) {
    found.push([`in the subscription ${id.subscription}`, `in ${subscription}`]);
  }
  return found;
}

/**
 * Resolves `.../versions/1.2.3`, or `.../versions/latest`: the highest version that is not excluded from latest.
 *
 * @throws KilnError `BadResourceId`, `BadSharedImageVersionSource`, `BlobMissing`.
 */
export function resolveGalleryVersion(
  store: Store,
  imageVersionId: string,
  options: ResolveOptions,
): Promise<ResolvedImage> {
  const id = parseVersionId(imageVersionId);
  const location = regionName(options.location);
  return store.write(async trx => {
    const row = await findVersion(trx, id);
    const definition = await findDefinition(trx, id);
    if (row === undefined || definition === undefined) throw versionMissing(id);
    const securityType = securityTypeOf(featuresOf(definition.features));
    if (definition.os_state !== 'Generalized') throw versionUnusable(row.id, 'specialized images');
    if (isExclusive(securityType)) throw versionUnusable(row.id, `the security type ${securityType}`);
    const copies = await trx
      .selectFrom('gallery_version_regions')
      .selectAll()
      .where('version_key', '=', row.key)
      .orderBy('position')
      .execute();
    const here = copies.find(copy => copy.region === location);
    const elsewhere = versionElsewhere(row.id, location, copies.map(({ region }) => region).join(', '));
    const copy = here ?? (options.strict ? undefined : copies[0]);
    if (copy === undefined) throw elsewhere;
    const blob = { region: copy.held_in ?? copy.region, digest: copy.digest };
    const dataDisks = await trx
      .selectFrom('gallery_version_data_disks')
      .selectAll()
      .where('version_key', '=', row.key)
      .orderBy('lun')
      .execute();
    return {
      ...(await openBlob(store, trx, row.id, blob, options.holder)),
      dataDisks: await openDataDisks(store, trx, row.id, blob.region, dataDisks, options.holder),
      sizeBytes: Number(row.size_bytes),
      virtualSizeBytes: Number(row.virtual_size_bytes),
      os: definition.os,
      generation: definition.generation,
      exactId: row.id,
      version: row.name,
      plan: planOf(definition.purchase_plan),
      securityType,
      remarks: here === undefined ? [elsewhere.message] : [],
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

async function openDataDisks(
  store: Store,
  trx: StoreTransaction,
  id: string,
  region: string,
  rows: readonly DataDiskColumns[],
  holder: string,
): Promise<readonly ResolvedDataDisk[]> {
  const disks: ResolvedDataDisk[] = [];
  for (const { lun, digest, virtual_size_bytes } of rows) {
    const { path } = await openBlob(store, trx, id, { region, digest }, holder);
    disks.push({ lun, digest, path, virtualSizeBytes: Number(virtual_size_bytes) });
  }
  return disks;
}
