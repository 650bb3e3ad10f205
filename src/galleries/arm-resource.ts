import type {
  DataDiskColumns,
  GalleryRow,
  GalleryVersionRegionRow,
  GalleryVersionRow,
  ImageDefinitionRow,
  ManagedImageRow,
  ResourceGroupRow,
} from '../store/database.ts';
import { detailsOf, identifierOf } from './definition-details.ts';
import { planOf } from './purchase-plan.ts';
import { typeAndName } from './resource-id.ts';
import { featuresOf } from './security-type.ts';
import { imageStorageProfile, versionStorageProfile } from './storage-profile.ts';

/** A resource as Azure Resource Manager shows it. `id` is spelt as it was when the resource was made. */
export interface ArmResource {
  readonly id: string;
  /** The last part of the id. */
  readonly name: string;
  readonly type: string;
  readonly location: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly properties: Readonly<Record<string, unknown>>;
}

/** What a shape depends on. Without an API version it is the newest. */
export interface ShownAs {
  readonly apiVersion?: string | undefined;
  /** `$expand` of a gallery image version. */
  readonly expand?: 'ReplicationStatus' | undefined;
}

export function resourceGroupResource(row: ResourceGroupRow): ArmResource {
  return resource(row, 'Microsoft.Resources/resourceGroups', { provisioningState: row.provisioning_state });
}

export function galleryResource(row: GalleryRow): ArmResource {
  const [, , subscription = '', , , , , , name = ''] = row.id.split('/');
  return resource(row, 'Microsoft.Compute/galleries', {
    ...(row.description === null ? {} : { description: row.description }),
    identifier: { uniqueName: `${subscription}-${name.toUpperCase()}` },
    provisioningState: 'Succeeded',
  });
}

export function definitionResource(row: ImageDefinitionRow, shown: ShownAs = {}): ArmResource {
  const features = featuresOf(row.features);
  const purchasePlan = planOf(row.purchase_plan);
  return resource(row, 'Microsoft.Compute/galleries/images', {
    ...detailsOf(row),
    osType: row.os,
    osState: row.os_state,
    ...since('2019-07-01', shown, { hyperVGeneration: row.generation }),
    identifier: identifierOf(row),
    ...(purchasePlan === undefined ? {} : { purchasePlan }),
    ...since('2020-09-30', shown, features.length === 0 ? {} : { features }),
    ...since('2021-10-01', shown, { architecture: row.architecture }),
    provisioningState: 'Succeeded',
  });
}

/** What a gallery image version consists of. */
export interface VersionRows {
  readonly version: GalleryVersionRow;
  readonly definition: ImageDefinitionRow;
  /** In the order in which the template named them. */
  readonly regions: readonly GalleryVersionRegionRow[];
  readonly dataDisks: readonly DataDiskColumns[];
}

/** A published version: one that is still being copied is not there for anybody. */
export function versionResource(rows: VersionRows, shown: ShownAs = {}): ArmResource {
  const { version, definition, regions, dataDisks } = rows;
  const [first] = regions;
  const excludeFromLatest = version.exclude_from_latest === 1;
  const storageType = (type: string | undefined) => since('2019-03-01', shown, { storageAccountType: type });
  const status = regions.map(({ region, status: state }) => ({ region, state, details: '', progress: 100 }));
  const properties = {
    publishingProfile: {
      targetRegions: regions.map(({ region, replica_count, storage_account_type }) => ({
        name: region,
        regionalReplicaCount: replica_count,
        ...storageType(storage_account_type),
        ...since('2022-03-03', shown, { excludeFromLatest }),
      })),
      replicaCount: first?.replica_count ?? 1,
      excludeFromLatest,
      publishedDate: version.published_at,
      ...(version.end_of_life === null ? {} : { endOfLifeDate: version.end_of_life }),
      ...storageType(first?.storage_account_type),
      ...since('2021-07-01', shown, { replicationMode: version.replication_mode }),
    },
    storageProfile: versionStorageProfile(disksOf(definition.os, version, dataDisks)),
    ...(shown.expand === undefined ? {} : { replicationStatus: { aggregatedState: 'Completed', summary: status } }),
    provisioningState: 'Succeeded',
  };
  const { id, tags } = version;
  return resource(
    { id, tags, location: definition.location },
    'Microsoft.Compute/galleries/images/versions',
    properties,
  );
}

export function managedImageResource(
  row: ManagedImageRow,
  dataDisks: readonly DataDiskColumns[],
  shown: ShownAs = {},
): ArmResource {
  return resource(row, 'Microsoft.Compute/images', {
    storageProfile: {
      ...imageStorageProfile(disksOf(row.os, row, dataDisks)),
      ...since('2017-12-01', shown, { zoneResilient: false }),
    },
    ...since('2019-03-01', shown, { hyperVGeneration: row.generation }),
    provisioningState: 'Succeeded',
  });
}

function resource(
  { id, location, tags }: { readonly id: string; readonly location: string; readonly tags: string },
  type: string,
  properties: ArmResource['properties'],
): ArmResource {
  const name = typeAndName(id).split('/').at(-1) ?? '';
  return { id, name, type, location, tags: JSON.parse(tags) as Record<string, string>, properties };
}

/** What later API versions have besides. They are dates, so their texts are in order; `-preview` counts as its date. */
function since<T extends object>(first: string, { apiVersion }: ShownAs, properties: T): T | Record<never, never> {
  return apiVersion === undefined || apiVersion.slice(0, first.length) >= first ? properties : {};
}

function disksOf(
  os: 'Linux' | 'Windows',
  row: { readonly virtual_size_bytes: number },
  dataDisks: readonly DataDiskColumns[],
) {
  return {
    os,
    virtualSizeBytes: Number(row.virtual_size_bytes),
    dataDisks: dataDisks.map(disk => ({ lun: disk.lun, virtualSizeBytes: Number(disk.virtual_size_bytes) })),
  };
}
