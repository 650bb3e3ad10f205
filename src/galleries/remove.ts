import { rm } from 'node:fs/promises';
import { storeError } from '../errors/store.ts';
import { collectGarbage } from '../store/garbage.ts';
import { removeStorageBlob, vhdPath } from '../store/storage-blobs.ts';
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

/**
 * Removes a VHD and its file.
 *
 * @param id its URI or path
 * @throws KilnError `ImageNotFound`.
 */
export async function removeVhd(store: Store, id: string): Promise<string> {
  await store.write(async trx => {
    const rows = await trx.selectFrom('vhds').selectAll().where('status', '=', 'Published').execute();
    const row = rows.find(one => one.uri === id || vhdPath(store, one) === id);
    if (row === undefined) throw storeError('ImageNotFound', { what: 'image', id });
    await trx.deleteFrom('vhds').where('region', '=', row.region).where('name', '=', row.name).execute();
    if (row.uri === null) await rm(vhdPath(store, row), { force: true });
    else await removeStorageBlob(store, row.region, row.name);
  });
  return id;
}
