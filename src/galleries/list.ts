import { join } from 'node:path';
import { blobPath } from '../store/blobs.ts';
import type { GalleryVersionRow, ManagedImageRow, VhdRow } from '../store/database.ts';
import type { Store } from '../store/store.ts';
import { compareVersions } from './version-number.ts';

/** One published artifact, as it is shown. Sizes are bytes, times ISO 8601 UTC. */
export interface PublishedImage {
  readonly type: 'ManagedImage' | 'SharedImage' | 'VHD';
  /** ARM id; the file's path for a VHD. */
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
  /** Of a gallery image version. */
  readonly version?: string;
  readonly excludeFromLatest?: boolean;
}

export interface PublishedCopy {
  readonly region: string;
  readonly path: string;
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
    .select(['definition.os', 'definition.generation'])
    .where('version.status', '=', 'Published')
    .execute();
  const copies = await db.selectFrom('gallery_version_regions').selectAll().orderBy('position').execute();
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
        path: blobPath(store, copy.region, copy.digest),
        replicaCount: copy.replica_count,
        storageAccountType: copy.storage_account_type,
      }));
  const sorted = [...versions].sort(
    (a, b) => a.definition_key.localeCompare(b.definition_key) || compareVersions(a, b),
  );
  return [
    ...images.map(row => managedImageOf(store, row)),
    ...sorted.map(row => ({
      type: 'SharedImage' as const,
      id: row.id,
      ...common(row),
      copies: copiesOf(row),
      version: row.name,
      excludeFromLatest: row.exclude_from_latest === 1,
    })),
    ...vhds.map(row => vhdOf(store, row)),
  ];
}

function managedImageOf(store: Store, row: ManagedImageRow): PublishedImage {
  const copy = { region: row.location, path: blobPath(store, row.location, row.digest) };
  return { type: 'ManagedImage', id: row.id, ...common(row), copies: [copy] };
}

function vhdOf(store: Store, row: VhdRow): PublishedImage {
  const path = join(store.region(row.region).vhds, row.name);
  return { type: 'VHD', id: path, ...common(row), copies: [{ region: row.region, path }] };
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
