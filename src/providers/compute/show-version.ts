import { type ArmResource, type ShownAs, versionResource } from '../../galleries/arm-resource.ts';
import type { ReplicaTarget } from '../../galleries/gallery-version.ts';
import { typeAndName } from '../../galleries/resource-id.ts';
import type { GalleryVersionRow, ImageDefinitionRow } from '../../store/database.ts';
import type { OperationRecord } from '../../store/operations.ts';
import type { StoreTransaction } from '../../store/store.ts';
import { objectIn } from '../request-body.ts';
import type { CopyProgress } from './copy-progress.ts';
import { stateDuring } from './long-running.ts';
import { REPLICATE_VERSION, VERSION_TYPE } from './places.ts';
import type { VersionToReplicate, VersionToWrite } from './version-works.ts';

/** Versions of one definition as clients see them. */
export async function showVersions(
  db: Pick<StoreTransaction, 'selectFrom'>,
  definition: ImageDefinitionRow,
  versions: readonly GalleryVersionRow[],
  shown: ShownAs,
): Promise<readonly ArmResource[]> {
  if (versions.length === 0) return [];
  const keys = versions.map(({ key }) => key);
  const regions = await db
    .selectFrom('gallery_version_regions')
    .selectAll()
    .where('version_key', 'in', keys)
    .orderBy('position')
    .execute();
  const dataDisks = await db
    .selectFrom('gallery_version_data_disks')
    .selectAll()
    .where('version_key', 'in', keys)
    .orderBy('lun')
    .execute();
  return versions.map(version =>
    versionResource(
      {
        ...{ version, definition },
        regions: regions.filter(one => one.version_key === version.key),
        dataDisks: dataDisks.filter(one => one.version_key === version.key),
      },
      shown,
    ),
  );
}

/** A version that is being made: there is nothing of it in the gallery yet. */
export function versionBeingMade(operation: OperationRecord, shown: ShownAs, progress: CopyProgress): ArmResource {
  const input = operation.input as VersionToWrite;
  const { fullId: id, tags, location, regions, excludeFromLatest, endOfLife, replicationMode } = input;
  const name = typeAndName(id).split('/').at(-1) ?? '';
  const properties = {
    publishingProfile: {
      targetRegions: regions.map(region => targetOf(region, excludeFromLatest)),
      replicaCount: regions[0]?.replicaCount ?? 1,
      excludeFromLatest,
      ...(endOfLife === undefined ? {} : { endOfLifeDate: endOfLife }),
      replicationMode,
    },
    storageProfile: { source: { id: input.source } },
    ...replication(regions, [], operation, shown, progress),
    provisioningState: stateDuring(operation),
  };
  return { id, name, type: VERSION_TYPE, location, tags, properties };
}

/** A version that something is being done to. */
export function versionMeanwhile(
  resource: ArmResource,
  operation: OperationRecord,
  shown: ShownAs,
  progress: CopyProgress,
): ArmResource {
  const provisioningState = stateDuring(operation);
  if (operation.kind !== REPLICATE_VERSION) {
    return { ...resource, properties: { ...resource.properties, provisioningState } };
  }
  const { regions } = operation.input as VersionToReplicate;
  const publishing = objectIn(resource.properties, 'publishingProfile');
  const has = (Array.isArray(publishing['targetRegions']) ? publishing['targetRegions'] : []).map(({ name }) =>
    String(name),
  );
  const targetRegions = regions.map(region => targetOf(region, publishing['excludeFromLatest'] === true));
  return {
    ...resource,
    properties: {
      ...resource.properties,
      publishingProfile: { ...publishing, targetRegions },
      ...replication(regions, has, operation, shown, progress),
      provisioningState,
    },
  };
}

function targetOf({ name, replicaCount, storageAccountType }: ReplicaTarget, excludeFromLatest: boolean) {
  return { name, regionalReplicaCount: replicaCount, storageAccountType, excludeFromLatest };
}

function replication(
  regions: readonly ReplicaTarget[],
  done: readonly string[],
  { targetKey }: OperationRecord,
  { expand }: ShownAs,
  progress: CopyProgress,
): object {
  if (expand === undefined) return {};
  const summary = regions.map(({ name: region }) =>
    done.includes(region)
      ? { region, state: 'Completed', details: '', progress: 100 }
      : { region, state: 'Replicating', details: '', progress: progress.percent(targetKey, region) },
  );
  return { replicationStatus: { aggregatedState: 'InProgress', summary } };
}
