import type { RunStatus } from '../events/build-event.ts';

/**
 * The store's tables. Times are ISO 8601 UTC; `tags`, `features`, `purchase_plan` and `result` are JSON; sizes are bytes; truth is 0 or 1. A `key` is an
 * ARM id in lower case, because ARM ids are compared without regard to case; `id` is the spelling it was made with.
 */
export interface Database {
  readonly resource_groups: ResourceGroupRow;
  readonly galleries: GalleryRow;
  readonly image_definitions: ImageDefinitionRow;
  readonly gallery_versions: GalleryVersionRow;
  readonly gallery_version_regions: GalleryVersionRegionRow;
  readonly managed_images: ManagedImageRow;
  readonly vhds: VhdRow;
  readonly runs: RunRow;
  readonly run_outputs: RunOutputRow;
  readonly blob_pins: BlobPinRow;
  readonly staging_groups: StagingGroupRow;
}

export interface ResourceGroupRow {
  readonly key: string;
  readonly id: string;
  readonly location: string;
  readonly tags: string;
  readonly created_at: string;
}

export interface GalleryRow extends ResourceGroupRow {
  readonly resource_group_key: string;
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
  readonly started_at: string;
  readonly ended_at: string | null;
  readonly result: string | null;
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

/** A resource group that a template uses for its own resources. Gone with the template, or with the run on the command line. */
export interface StagingGroupRow {
  readonly group_key: string;
  /** `run:<id>`, or the template's id. */
  readonly holder: string;
  /** Whether Kiln made the group. */
  readonly created: number;
}
