/** Distribute targets as the one model has them, whatever API version they were written in. */

export interface VhdTarget {
  readonly type: 'VHD';
  readonly runOutputName: string;
  readonly artifactTags: Readonly<Record<string, string>>;
  /** Destination blob URI; empty for the staging area. */
  readonly uri: string;
}

export interface ManagedImageTarget {
  readonly type: 'ManagedImage';
  readonly runOutputName: string;
  readonly artifactTags: Readonly<Record<string, string>>;
  readonly imageId: string;
  readonly location: string;
}

export type StorageAccountType = 'Standard_LRS' | 'Standard_ZRS' | 'Premium_LRS';

export interface TargetRegion {
  /** Normalised: lower case, no spaces. */
  readonly name: string;
  readonly replicaCount: number;
  readonly storageAccountType: StorageAccountType;
}

export interface SharedImageTarget {
  readonly type: 'SharedImage';
  readonly runOutputName: string;
  readonly artifactTags: Readonly<Record<string, string>>;
  /** ARM id of the image definition, or of an explicit version of it. */
  readonly galleryImageId: string;
  readonly targetRegions: readonly TargetRegion[];
  readonly excludeFromLatest: boolean;
  /** `Shallow` shares one copy of the disk between the regions: quick, for trying. */
  readonly replicationMode: 'Full' | 'Shallow';
  /** `Latest` with major -1 is one above the highest version. */
  readonly versioning: { readonly scheme: 'Latest'; readonly major: number } | { readonly scheme: 'Source' };
}

export type DistributeTarget = VhdTarget | ManagedImageTarget | SharedImageTarget;
