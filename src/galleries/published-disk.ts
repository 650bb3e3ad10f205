import type { PurchasePlan } from './purchase-plan.ts';

/** A finished disk and where it came from, as everything that is published records it. Sizes are bytes. */
export interface DiskToPublish {
  /** A finished file that stands alone. */
  readonly path: string;
  readonly digest: string;
  readonly sizeBytes: number;
  readonly virtualSizeBytes: number;
  readonly os: 'Linux' | 'Windows';
  readonly generation: 'V1' | 'V2';
  readonly runId: string;
  readonly sourceDigest: string;
  readonly sourceName: string;
  /** Purchase plan of the source, which is that of every image made from it. */
  readonly plan?: PurchasePlan | undefined;
  /** Whether this region may take the file over in place of copying it. True for one region only: each has its own copy. */
  takeOver(region: string): boolean;
}

/** A finished data disk. Sizes are bytes. */
export interface DataDiskToPublish {
  readonly lun: number;
  /** A finished file that stands alone. */
  readonly path: string;
  readonly digest: string;
  readonly sizeBytes: number;
  readonly virtualSizeBytes: number;
}

/** An image: the disk with the operating system, and the data disks beside it. */
export interface ImageToPublish extends DiskToPublish {
  /** In ascending order of LUNs. A region that takes the image's file over takes theirs over, too. */
  readonly dataDisks: readonly DataDiskToPublish[];
}

/** The columns that every published disk has. */
export function diskColumns(disk: DiskToPublish, tags: Readonly<Record<string, string>>) {
  return {
    digest: disk.digest,
    size_bytes: disk.sizeBytes,
    virtual_size_bytes: disk.virtualSizeBytes,
    source_digest: disk.sourceDigest,
    source_name: disk.sourceName,
    run_id: disk.runId,
    tags: JSON.stringify(tags),
    published_at: new Date().toISOString(),
  } as const;
}
