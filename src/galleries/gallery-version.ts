import { storeError } from '../errors/store.ts';
import { ownerName } from '../home/process-lock.ts';
import type { ImageDefinitionRow } from '../store/database.ts';
import { dropReservations } from '../store/garbage.ts';
import { releasePins, workHolder } from '../store/pins.ts';
import { recordRunOutput } from '../store/runs.ts';
import type { Store } from '../store/store.ts';
import { dataDiskColumns } from './data-disks.ts';
import { diskColumns, type ImageToPublish } from './published-disk.ts';
import { putImage } from './put-image.ts';
import { keyOf } from './resource-id.ts';
import { nextVersion, parseVersion, renderVersion, type VersionNumber, versionFromSource } from './version-number.ts';

export interface ReplicaTarget {
  /** Normalised region name. */
  readonly name: string;
  readonly replicaCount: number;
  readonly storageAccountType: string;
}

export type ReplicationMode = 'Full' | 'Shallow';

/** How the number of a new version is chosen. */
export type Numbering =
  | { readonly scheme: 'Explicit'; readonly version: string }
  | { readonly scheme: 'Latest'; readonly major: number }
  | { readonly scheme: 'Source'; readonly sourceVersion: string | undefined };

export interface VersionToPublish {
  readonly definition: ImageDefinitionRow;
  readonly numbering: Numbering;
  /** At least one. */
  readonly regions: readonly ReplicaTarget[];
  /** `Full`: a verified copy in each region. `Shallow`: one copy, to which the other regions refer. */
  readonly replicationMode: ReplicationMode;
  readonly disk: () => Promise<ImageToPublish>;
  readonly tags: Readonly<Record<string, string>>;
  readonly excludeFromLatest: boolean;
  /** ISO 8601. */
  readonly endOfLife?: string | undefined;
  /** Name of the output of the run that publishes; absent when no run does. */
  readonly runOutputName?: string | undefined;
  readonly runId: string;
  readonly signal: AbortSignal;
  /** Bytes copied to a region so far. */
  readonly onCopy?: (region: string, done: number, total: number) => void;
}

export interface PublishedVersion {
  readonly id: string;
  readonly version: string;
  /** The copy in the first region, or the only one. */
  readonly path: string;
  readonly digest: string;
  readonly sizeBytes: number;
}

/**
 * Publishes a version: takes a number, copies its disks to every region, then makes all of it visible in one commit. When
 * that fails or is aborted the number is free again and nothing is visible.
 *
 * @throws KilnError `GalleryVersionExists`, `VersionNumberInvalid`, `DiskChanged`; the signal's reason.
 */
export async function publishGalleryVersion(store: Store, request: VersionToPublish): Promise<PublishedVersion> {
  const { definition, signal, regions } = request;
  const version = await reserve(store, request);
  const id = `${definition.id}/versions/${version}`;
  const key = keyOf(id);
  const holder = workHolder();
  const held = request.replicationMode === 'Shallow' ? holdingRegion(request) : undefined;
  try {
    const disk = await request.disk();
    const paths: string[] = [];
    for (const name of held === undefined ? regions.map(region => region.name) : [held]) {
      paths.push(await putImage(store, name, disk, { signal, holder, onCopy: request.onCopy }));
    }
    signal.throwIfAborted();
    const [path = ''] = paths;
    await store.write(async trx => {
      await trx
        .updateTable('gallery_versions')
        .set({ ...diskColumns(disk, request.tags), status: 'Published', owner: '' })
        .where('key', '=', key)
        .where('owner', '=', ownerName())
        .executeTakeFirstOrThrow();
      await trx
        .insertInto('gallery_version_regions')
        .values(
          regions.map((region, position) => ({
            version_key: key,
            region: region.name,
            position,
            digest: disk.digest,
            held_in: held === undefined || held === region.name ? null : held,
            status: 'Completed' as const,
            replica_count: region.replicaCount,
            storage_account_type: region.storageAccountType,
          })),
        )
        .execute();
      const dataDisks = dataDiskColumns(disk.dataDisks, { version_key: key });
      if (dataDisks.length > 0) await trx.insertInto('gallery_version_data_disks').values(dataDisks).execute();
      if (request.runOutputName !== undefined)
        await recordRunOutput(trx, {
          runId: request.runId,
          name: request.runOutputName,
          type: 'SharedImage',
          artifactId: id,
          path,
          digest: disk.digest,
          sizeBytes: disk.sizeBytes,
        });
    });
    return { id, version, path, digest: disk.digest, sizeBytes: disk.sizeBytes };
  } catch (error) {
    await store.write(trx =>
      trx.deleteFrom('gallery_versions').where('key', '=', key).where('status', '=', 'Reserved').execute(),
    );
    throw error;
  } finally {
    await releasePins(store, holder);
  }
}

/** Where the one copy of a shallow version is: in the region of its definition, or in the first one. */
function holdingRegion({ definition, regions }: VersionToPublish): string | undefined {
  const home = regions.find(({ name }) => name === definition.location);
  return (home ?? regions[0])?.name;
}

/** Takes a number in one transaction, so that two runs that publish at once get different ones. */
function reserve(store: Store, request: VersionToPublish): Promise<string> {
  const { definition, numbering } = request;
  return store.write(async trx => {
    await dropReservations(trx);
    // It may have been deleted since it was looked at.
    const there = await trx
      .selectFrom('image_definitions')
      .select('key')
      .where('key', '=', definition.key)
      .executeTakeFirst();
    if (there === undefined) throw storeError('ImageDefinitionMissing', { id: definition.id });
    const existing = await trx
      .selectFrom('gallery_versions')
      .select(['major', 'minor', 'patch', 'status', 'id'])
      .where('definition_key', '=', definition.key)
      .execute();
    const number = choose(existing, numbering);
    const version = renderVersion(number);
    const taken = existing.find(row => renderVersion(row) === version);
    if (taken !== undefined)
      throw storeError('GalleryVersionExists', { id: taken.id, busy: taken.status === 'Reserved' });
    const id = `${definition.id}/versions/${version}`;
    await trx
      .insertInto('gallery_versions')
      .values({
        key: keyOf(id),
        id,
        definition_key: definition.key,
        name: version,
        ...number,
        status: 'Reserved',
        owner: ownerName(),
        exclude_from_latest: request.excludeFromLatest ? 1 : 0,
        end_of_life: request.endOfLife ?? null,
        replication_mode: request.replicationMode,
        digest: '',
        size_bytes: 0,
        virtual_size_bytes: 0,
        source_digest: '',
        source_name: '',
        run_id: request.runId,
        tags: '{}',
        published_at: '',
      })
      .execute();
    return version;
  });
}

function choose(existing: readonly VersionNumber[], numbering: Numbering): VersionNumber {
  switch (numbering.scheme) {
    case 'Explicit':
      return parseVersion(numbering.version);
    case 'Latest':
      return nextVersion(existing, numbering.major);
    case 'Source':
      return versionFromSource(existing, numbering.sourceVersion);
  }
}
