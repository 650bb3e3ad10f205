import type { RunStatus } from '../events/build-event.ts';
import type { PrincipalCertificateRow, PrincipalRow, PrincipalSecretRow, TenantRow } from './principal-rows.ts';

/**
 * The store's tables. Times are ISO 8601 UTC; `tags`, `features`, `purchase_plan`, `identifier`, `details` and `result` are JSON; sizes are bytes; truth is 0 or 1. A `key` is an
 * ARM id in lower case, because ARM ids are compared without regard to case; `id` is the spelling it was made with.
 */
export interface Database {
  readonly resource_groups: ResourceGroupRow;
  readonly galleries: GalleryRow;
  readonly image_definitions: ImageDefinitionRow;
  readonly gallery_versions: GalleryVersionRow;
  readonly gallery_version_regions: GalleryVersionRegionRow;
  readonly gallery_version_data_disks: GalleryVersionDataDiskRow;
  readonly managed_images: ManagedImageRow;
  readonly managed_image_data_disks: ManagedImageDataDiskRow;
  readonly vhds: VhdRow;
  readonly runs: RunRow;
  readonly run_outputs: RunOutputRow;
  readonly blob_pins: BlobPinRow;
  readonly staging_groups: StagingGroupRow;
  readonly resources: ResourceRow;
  readonly operations: OperationRow;
  /** One row: what this store is known by in the directories of its regions. */
  readonly stores: { readonly id: string };
  readonly tenants: TenantRow;
  readonly principals: PrincipalRow;
  readonly principal_secrets: PrincipalSecretRow;
  readonly principal_certificates: PrincipalCertificateRow;
}

interface LocatedRow {
  readonly key: string;
  readonly id: string;
  readonly location: string;
  readonly tags: string;
  readonly created_at: string;
}

export interface ResourceGroupRow extends LocatedRow {
  readonly provisioning_state: 'Succeeded' | 'Deleting';
}

export interface GalleryRow extends LocatedRow {
  readonly resource_group_key: string;
  readonly description: string | null;
}

export interface ImageDefinitionRow {
  readonly key: string;
  readonly id: string;
  readonly gallery_key: string;
  readonly location: string;
  readonly os: 'Linux' | 'Windows';
  readonly os_state: 'Generalized' | 'Specialized';
  readonly generation: 'V1' | 'V2';
  /** `{ name, value }` of each, `SecurityType` among them. */
  readonly features: string;
  readonly purchase_plan: string | null;
  /** `{ publisher, offer, sku }`; `null` for a definition that nobody declared. */
  readonly identifier: string | null;
  readonly architecture: 'x64' | 'Arm64';
  /** What is said of it and has no effect (`DefinitionDetails`). */
  readonly details: string;
  readonly tags: string;
  readonly created_at: string;
}

/** What every published disk is known by. */
interface PublishedDisk {
  readonly digest: string;
  readonly size_bytes: number;
  readonly virtual_size_bytes: number;
  readonly source_digest: string;
  readonly source_name: string;
  readonly run_id: string;
  readonly tags: string;
  readonly published_at: string;
}

/** `Reserved`: the number is taken by the process `owner`, which is still copying. Nobody else sees the version. */
export interface GalleryVersionRow extends PublishedDisk {
  readonly key: string;
  readonly id: string;
  readonly definition_key: string;
  readonly name: string;
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
  readonly status: 'Reserved' | 'Published';
  readonly owner: string;
  readonly exclude_from_latest: number;
  readonly end_of_life: string | null;
  readonly replication_mode: 'Full' | 'Shallow';
}

export interface GalleryVersionRegionRow {
  readonly version_key: string;
  readonly region: string;
  /** Order in which the template named the regions. */
  readonly position: number;
  readonly digest: string;
  /** The region whose copy this one refers to; `null` for a region with a copy of its own. */
  readonly held_in: string | null;
  readonly status: 'Completed';
  readonly replica_count: number;
  readonly storage_account_type: string;
}

/** A data disk of an image. Its blob lies beside that of the disk with the operating system, in every region of the image. */
export interface DataDiskColumns {
  readonly lun: number;
  readonly digest: string;
  readonly size_bytes: number;
  readonly virtual_size_bytes: number;
}

/** Gone with its version. */
export interface GalleryVersionDataDiskRow extends DataDiskColumns {
  readonly version_key: string;
}

/** Gone with its image. */
export interface ManagedImageDataDiskRow extends DataDiskColumns {
  readonly image_key: string;
}

export interface ManagedImageRow extends PublishedDisk {
  readonly key: string;
  readonly id: string;
  readonly resource_group_key: string;
  /** The region that holds the image. */
  readonly location: string;
  readonly os: 'Linux' | 'Windows';
  readonly generation: 'V1' | 'V2';
  readonly purchase_plan: string | null;
}

/** `Publishing`: the file may be there already; it is not the VHD of anything until the row says `Published`. */
export interface VhdRow extends PublishedDisk {
  /** File name; with a `uri` `<account>/<container>/<path>`, and while it is being published `?<random>` after that. */
  readonly name: string;
  /** The blob that the template named; `null` for a VHD that got its name from Kiln. */
  readonly uri: string | null;
  readonly region: string;
  readonly run_output_name: string;
  readonly status: 'Publishing' | 'Published';
  readonly owner: string;
  readonly os: 'Linux' | 'Windows';
  readonly generation: 'V1' | 'V2';
}

export interface RunRow {
  readonly id: string;
  readonly template_name: string;
  readonly status: RunStatus;
  /** When it began to work; when it was accepted, as long as it is queued. */
  readonly started_at: string;
  readonly ended_at: string | null;
  readonly result: string | null;
  /** Of a run that a service accepted: its template, and the operation that a client waits for. */
  readonly template_key: string | null;
  readonly operation_id: string | null;
  readonly correlation_id: string | null;
  readonly accepted_at: string | null;
  /** What is to be built (`RunRequest`), as it was when the run was accepted. JSON. */
  readonly request: string | null;
  /** The stage that began last. */
  readonly stage: string | null;
  /** The process that works on it. */
  readonly owner: string | null;
  /** When that process said last that it is at work. */
  readonly heartbeat_at: string | null;
  readonly cancel_requested: number;
  /** How often it was begun. */
  readonly attempts: number;
  /** What its machine takes of the host, for the queue. */
  readonly cpus: number;
  readonly memory_mib: number;
}

export interface RunOutputRow {
  readonly run_id: string;
  readonly name: string;
  readonly type: 'VHD' | 'ManagedImage' | 'SharedImage';
  readonly artifact_id: string | null;
  readonly artifact_uri: string | null;
  readonly path: string;
  readonly digest: string;
  readonly size_bytes: number;
  readonly created_at: string;
}

/**
 * Keeps a blob that nothing published refers to (yet). `holder` is a piece of work of a process, whose pins
 * end with the process, or `run:<id>`, whose pins last until they are released.
 */
export interface BlobPinRow {
  readonly holder: string;
  readonly region: string;
  readonly digest: string;
}

/**
 * A resource of a type without a table of its own. `body` is what a client sees besides id, name, type, location and tags: `properties`,
 * `identity` and so on; `internal` is what only the service needs. Both are JSON objects.
 */
export interface ResourceRow {
  readonly key: string;
  readonly id: string;
  /** As Azure spells it: `Microsoft.Network/virtualNetworks/subnets`. */
  readonly type: string;
  readonly name: string;
  /** In lower case; `null` for what lies in none. */
  readonly subscription: string | null;
  readonly resource_group_key: string | null;
  /** Of a nested resource, or of what an extension resource is about. */
  readonly parent_key: string | null;
  readonly location: string | null;
  /** `null` for a type without tags. */
  readonly tags: string | null;
  readonly body: string;
  readonly internal: string;
  readonly provisioning_state: string;
  readonly created_at: string;
  readonly changed_at: string;
  /** Object id of the principal. */
  readonly created_by: string | null;
}

/** Work that a request began and that goes on after its answer. */
export interface OperationRow {
  /** An upper-case GUID. */
  readonly id: string;
  /** Which code does it; see `jobs/`. */
  readonly kind: string;
  readonly target_key: string;
  readonly subscription: string;
  readonly location: string;
  readonly status: 'InProgress' | 'Succeeded' | 'Failed' | 'Canceled';
  /** What the code needs to begin again after a crash. JSON. */
  readonly input: string;
  /** `{ code, message, details }` when it failed. */
  readonly error: string | null;
  /** What a client gets at the end, if anything. JSON. */
  readonly result: string | null;
  readonly correlation_id: string;
  readonly started_at: string;
  readonly ended_at: string | null;
}

/** A resource group that a template uses for its own resources. Gone with the template, or with the run on the command line. */
export interface StagingGroupRow {
  readonly group_key: string;
  /** `run:<id>`, or the template's id. */
  readonly holder: string;
  /** Whether Kiln made the group. */
  readonly created: number;
}
