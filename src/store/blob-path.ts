import { join } from 'node:path';
import { isDigest } from '../disk/tree-hash.ts';
import type { Store } from './store.ts';

/** Where the blob of a digest is in a region, whether or not it is there. */
export function blobPath(store: Store, region: string, digest: string): string {
  if (!isDigest(digest)) throw new Error(`${digest} is not a digest`);
  // No colon: QEMU would read what stands before it as a protocol.
  return join(store.region(region).blobs, digest.replace(':', '-'));
}

/** Whether a file in a region's `blobs` has the name of a blob. */
export function isBlobFile(name: string): boolean {
  return isDigest(name.replace('-', ':'));
}
