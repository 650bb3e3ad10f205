import { blobName, parseBlobUri } from '../../galleries/blob-uri.ts';
import { accountRegion, refuseBlocked } from '../../store/storage-blobs.ts';
import type { Store } from '../../store/store.ts';
import type { VhdTarget } from '../targets.ts';

/** @throws KilnError `BadRegionName`, `VhdUriInvalid`, `VhdUriBlocked`. */
export async function checkVhd(target: VhdTarget, store: Store, location: string): Promise<void> {
  store.region(location);
  if (target.uri === '') return;
  const blob = parseBlobUri(target.uri);
  const region = (await accountRegion(store, store.db, blob.account)) ?? location;
  await refuseBlocked(store, region, blobName(blob), target.uri);
}
