import { requireResourceGroup } from '../../galleries/ensure.ts';
import { findManagedImage, refuseElsewhere } from '../../galleries/managed-image.ts';
import { parseManagedImageId } from '../../galleries/resource-id.ts';
import { regionName } from '../../store/regions.ts';
import type { Store } from '../../store/store.ts';
import type { ManagedImageTarget } from '../targets.ts';

/** @throws KilnError `BadResourceId`, `ManagedImageElsewhere`, `ResourceGroupMissing` with `strict`. */
export async function checkManagedImage(target: ManagedImageTarget, store: Store, strict: boolean): Promise<void> {
  const id = parseManagedImageId(target.imageId);
  refuseElsewhere(await findManagedImage(store.db, id), regionName(target.location));
  if (strict) await requireResourceGroup(store, id);
}
