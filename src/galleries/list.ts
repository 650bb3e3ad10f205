import { blobPath } from '../store/blob-path.ts';
import type { GalleryVersionRow, ManagedImageRow, VhdRow } from '../store/database.ts';
import { vhdPath } from '../store/storage-blobs.ts';
import type { Store } from '../store/store.ts';
import { type PublishedDataDisk, publishedDataDisks } from './data-disks.ts';
import type { ReplicationMode } from './gallery-version.ts';
import { type PurchasePlan, planOf } from './purchase-plan.ts';
import { featuresOf, type SecurityType, securityTypeOf } from './security-type.ts';
import { compareVersions } from './version-number.ts';

/** One published artifact, as it is shown. Sizes are bytes, times ISO 8601 UTC. */
export interface PublishedImage {
  readonly type: 'ManagedImage' | 'SharedImage' | 'VHD';
  /** ARM id; of a VHD the URI that the template gave it, else the file's path. */
  readonly id: string;
  readonly os: 'Linux' | 'Windows';
  readonly generation: 'V1' | 'V2';
  readonly digest: string;
  readonly sizeBytes: number;
  readonly virtualSizeBytes: number;
  readonly sourceName: string;
  readonly sourceDigest: string;
  readonly runId: string;
  readonly publishedAt: string;
  readonly tags: Readonly<Record<string, string>>;
  /** The copies, in the template's order of regions. */
  readonly copies: readonly PublishedCopy[];
  /** In ascending order of LUNs; always none for a VHD. */
  readonly dataDisks: readonly PublishedDataDisk[];
  /** Purchase plan that the image has from its source. */
  readonly plan?: PurchasePlan;
  /** Of a gallery image version. */
  readonly version?: string;
  readonly excludeFromLatest?: boolean;
  readonly replicationMode?: ReplicationMode;
  /** Of the image definition. */
  readonly securityType?: SecurityType;
}

export interface PublishedCopy {
  readonly region: string;
  readonly path: string;
  /** The region whose copy this one refers to, of a shallow version. */
  readonly heldIn?: string;
  readonly replicaCount?: number;
  readonly storageAccountType?: string;
}

/** Everything that is published: managed images, then gallery versions (the newest last), then VHDs. */
export async function listPublished(store: Store): Promise<readonly PublishedImage[]> {
  const { db } = store;
  const images = await db.selectFrom('managed_images').selectAll().orderBy('key').execute();
  const versions = await db
    .selectFrom('gallery_versions as version')
    .innerJoin('image_definitions as definition', 'definition.key', 'version.definition_key')
    .selectAll('version')
    .select(['definition.os', 'definition.generation', 'definition.features', 'definition.purchase_plan'])
    .where('version.status', '=', 'Published')
    .execute();
  const copies = await db.selectFrom('gallery_version_regions').selectAll().orderBy('position').execute();
  const dataDisks = await db.selectFrom('gallery_version_data_disks').selectAll().execute();
  const dataDisksOfImages = await db.selectFrom('managed_image_data_disks').selectAll().execute();
  const vhds = await db
    .selectFrom('vhds')
    .selectAll()
    .where('status', '=', 'Published')
    .orderBy('published_at')
    .execute();
  const copiesOf = (row: GalleryVersionRow): readonly PublishedCopy[] =>
    copies
      .filter(copy => copy.version_key === row.key)
      .map(copy => ({
        region: copy.region,
        path: blobPath(store, copy.held_in ?? copy.region, copy.digest),
        ...(copy.held_in === null ? {} : { heldIn: copy.held_in }),
        replicaCount: copy.replica_count,
        storageAccountType: copy.storage_account_type,
      }));
  const sorted = [...versions].sort(
    (a, b) => a.definition_key.localeCompare(b.definition_key) || compareVersions(a, b),
  );
  return [
    ...images.map(row => ({
      ...managedImageOf(store, row),
      dataDisks: publishedDataDisks(
        store,
        dataDisksOfImages.filter(disk => disk.image_key === row.key),
        [{ region: row.location, held_in: null }],
      ),
    })),
    ...sorted.map(row => ({
      type: 'SharedImage' as const,
      id: row.id,
      ...common(row),
      copies: copiesOf(row),
      dataDisks: publishedDataDisks(
        store,
        dataDisks.filter(disk => disk.version_key === row.key),
        copies.filter(copy => copy.version_key === row.key),
      ),
      ...planIn(row),
      version: row.name,
      excludeFromLatest: row.exclude_from_latest === 1,
      replicationMode: row.replication_mode,
      securityType: securityTypeOf(featuresOf(row.features)),
    })),
    ...vhds.map(row => vhdOf(store, row)),
  ];
}

function managedImageOf(store: Store, row: ManagedImageRow): Omit<PublishedImage, 'dataDisks'> {
  const copy = { region: row.location, path: blobPath(store, row.location, row.digest) };
  return { type: 'ManagedImage', id: row.id, ...common(row), copies: [copy], ...planIn(row) };
}

function vhdOf(store: Store, row: VhdRow): PublishedImage {
  const path = vhdPath(store, row);
  return { type: 'VHD', id: row.uri ?? path, ...common(row), copies: [{ region: row.region, path }], dataDisks: [] };
}

function planIn(row: { readonly purchase_plan: string | null }): { readonly plan?: PurchasePlan } {
  const plan = planOf(row.purchase_plan);
  return plan === undefined ? {} : { plan };
}

type CommonRow = Pick<
  ManagedImageRow,
  | 'os'
  | 'generation'
  | 'digest'
  | 'size_bytes'
  | 'virtual_size_bytes'
  | 'source_name'
  | 'source_digest'
  | 'run_id'
  | 'published_at'
  | 'tags'
>;

function common(row: CommonRow) {
  return {
    os: row.os,
    generation: row.generation,
    digest: row.digest,
    sizeBytes: Number(row.size_bytes),
    virtualSizeBytes: Number(row.virtual_size_bytes),
    sourceName: row.source_name,
    sourceDigest: row.source_digest,
    runId: row.run_id,
    publishedAt: row.published_at,
    tags: JSON.parse(row.tags) as Record<string, string>,
  };
}
