import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { storeError } from '../errors/store.ts';
import type { VhdRow } from '../store/database.ts';
import { collectGarbage } from '../store/garbage.ts';
import type { Store } from '../store/store.ts';
import { findManagedImage } from './managed-image.ts';
import { findVersion } from './resolve.ts';
import { definitionId, type ManagedImageId, managedImageId, type VersionId } from './resource-id.ts';
import { parseVersion, renderVersion } from './version-number.ts';

/** Removes a managed image; its disk goes with it unless something else refers to it. Resolves with its id. */
export async function removeManagedImage(store: Store, id: ManagedImageId): Promise<string> {
  const removed = await store.write(async trx => {
    const row = await findManagedImage(trx, id);
    if (row === undefined) throw storeError('ImageNotFound', { what: 'managed image', id: managedImageId(id) });
    await trx.deleteFrom('managed_images').where('key', '=', row.key).execute();
    return row.id;
  });
  await collectGarbage(store);
  return removed;
}

/** Removes an exact version in all regions. Its number may be given out again. */
export async function removeGalleryVersion(store: Store, id: VersionId): Promise<string> {
  // `latest` is another version after each removal: too easy to remove one too many.
  const version = renderVersion(parseVersion(id.version));
  const removed = await store.write(async trx => {
    const row = await findVersion(trx, { ...id, version });
    if (row === undefined)
      throw storeError('ImageNotFound', {
        what: 'gallery image version',
        id: `${definitionId(id)}/versions/${version}`,
      });
    await trx.deleteFrom('gallery_versions').where('key', '=', row.key).execute();
    return row.id;
  });
  await collectGarbage(store);
  return removed;
}

/** Removes a VHD and its file. */
export async function removeVhd(store: Store, vhd: Pick<VhdRow, 'region' | 'name'>): Promise<string> {
  const path = join(store.region(vhd.region).vhds, vhd.name);
  await store.write(async trx => {
    await trx.deleteFrom('vhds').where('region', '=', vhd.region).where('name', '=', vhd.name).execute();
    await rm(path, { force: true });
  });
  return path;
}
