import { blobPath } from '../store/blob-path.ts';
import type { DataDiskColumns } from '../store/database.ts';
import type { Store } from '../store/store.ts';
import type { DataDiskToPublish } from './published-disk.ts';

/** A data disk of a published image, as it is shown. Sizes are bytes. */
export interface PublishedDataDisk {
  readonly lun: number;
  readonly digest: string;
  readonly sizeBytes: number;
  readonly virtualSizeBytes: number;
  /** In the order of the image's own copies. */
  readonly copies: readonly { readonly region: string; readonly path: string }[];
}

/** The columns of an image's data disks, each with the image's key. */
export function dataDiskColumns<K extends object>(
  disks: readonly DataDiskToPublish[],
  key: K,
): (DataDiskColumns & K)[] {
  return disks.map(({ lun, digest, sizeBytes, virtualSizeBytes }) => ({
    ...key,
    lun,
    digest,
    size_bytes: sizeBytes,
    virtual_size_bytes: virtualSizeBytes,
  }));
}

/**
 * The data disks of an image from their rows.
 *
 * @param copies the image's regions, each with the one that holds its blobs
 */
export function publishedDataDisks(
  store: Store,
  rows: readonly DataDiskColumns[],
  copies: readonly { readonly region: string; readonly held_in: string | null }[],
): readonly PublishedDataDisk[] {
  return [...rows]
    .sort((a, b) => a.lun - b.lun)
    .map(({ lun, digest, size_bytes, virtual_size_bytes }) => ({
      lun,
      digest,
      sizeBytes: Number(size_bytes),
      virtualSizeBytes: Number(virtual_size_bytes),
      copies: copies.map(({ region, held_in }) => ({ region, path: blobPath(store, held_in ?? region, digest) })),
    }));
}
