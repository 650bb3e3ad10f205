import { storeError } from '../errors/store.ts';
import { dropReservations } from '../store/garbage.ts';
import type { StoreTransaction } from '../store/store.ts';

/**
 * Removes a gallery in which there is nothing. Returns whether there was one.
 *
 * @throws KilnError `CannotDeleteResource` when it has an image definition.
 */
export async function removeEmptyGallery(trx: StoreTransaction, key: string): Promise<boolean> {
  const definition = await trx
    .selectFrom('image_definitions')
    .select('id')
    .where('gallery_key', '=', key)
    .limit(1)
    .executeTakeFirst();
  if (definition !== undefined) throw storeError('CannotDeleteResource', { id: key, nested: definition.id });
  const { numDeletedRows } = await trx.deleteFrom('galleries').where('key', '=', key).executeTakeFirst();
  return numDeletedRows > 0n;
}

/**
 * Removes an image definition without versions. Returns whether there was one.
 *
 * @throws KilnError `CannotDeleteResource` when it has a version, or somebody publishes one right now.
 */
export async function removeEmptyDefinition(trx: StoreTransaction, key: string): Promise<boolean> {
  await dropReservations(trx);
  const version = await trx
    .selectFrom('gallery_versions')
    .select('id')
    .where('definition_key', '=', key)
    .limit(1)
    .executeTakeFirst();
  if (version !== undefined) throw storeError('CannotDeleteResource', { id: key, nested: version.id });
  const { numDeletedRows } = await trx.deleteFrom('image_definitions').where('key', '=', key).executeTakeFirst();
  return numDeletedRows > 0n;
}
