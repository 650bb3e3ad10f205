import type { StoreTransaction } from '../store/store.ts';
import {
  type ArmResource,
  definitionResource,
  galleryResource,
  managedImageResource,
  resourceGroupResource,
  type ShownAs,
  versionResource,
} from './arm-resource.ts';

type Database = Pick<StoreTransaction, 'selectFrom'>;

/**
 * Finds a resource group, a gallery, an image definition, a published version or a managed image by its id, of which case and
 * doubled slashes do not count, and shows it as its API version does. `undefined` when there is no such resource.
 */
export async function findArmResource(db: Database, id: string, shown: ShownAs = {}): Promise<ArmResource | undefined> {
  const key = id
    .toLowerCase()
    .replaceAll(/\/{2,}/g, '/')
    .replace(/\/$/, '');
  const [, scope, group, type] =
    /^(\/subscriptions\/[^/]+\/resourcegroups\/([^/]+))(?:\/providers\/(.+))?$/.exec(key) ?? [];
  if (scope === undefined || group === undefined) return undefined;
  if (type === undefined) return findGroup(db, key);
  const [provider, ...segments] = type.split('/');
  if (provider !== 'microsoft.compute' || segments.length % 2 !== 0) return undefined;
  switch (segments.filter((_, i) => i % 2 === 0).join('/')) {
    case 'galleries':
      return findGallery(db, key);
    case 'galleries/images':
      return findImageDefinition(db, key, shown);
    case 'galleries/images/versions':
      return findImageVersion(db, key, shown);
    case 'images':
      return findImage(db, key, shown);
    default:
      return undefined;
  }
}

async function findGroup(db: Database, key: string): Promise<ArmResource | undefined> {
  const row = await db.selectFrom('resource_groups').selectAll().where('key', '=', key).executeTakeFirst();
  return row === undefined ? undefined : resourceGroupResource(row);
}

async function findGallery(db: Database, key: string): Promise<ArmResource | undefined> {
  const row = await db.selectFrom('galleries').selectAll().where('key', '=', key).executeTakeFirst();
  return row === undefined ? undefined : galleryResource(row);
}

async function findImageDefinition(db: Database, key: string, shown: ShownAs): Promise<ArmResource | undefined> {
  const row = await db.selectFrom('image_definitions').selectAll().where('key', '=', key).executeTakeFirst();
  return row === undefined ? undefined : definitionResource(row, shown);
}

async function findImageVersion(db: Database, key: string, shown: ShownAs): Promise<ArmResource | undefined> {
  const version = await db
    .selectFrom('gallery_versions')
    .selectAll()
    .where('key', '=', key)
    .where('status', '=', 'Published')
    .executeTakeFirst();
  if (version === undefined) return undefined;
  const definition = await db
    .selectFrom('image_definitions')
    .selectAll()
    .where('key', '=', version.definition_key)
    .executeTakeFirst();
  if (definition === undefined) return undefined;
  const regions = await db
    .selectFrom('gallery_version_regions')
    .selectAll()
    .where('version_key', '=', key)
    .orderBy('position')
    .execute();
  const dataDisks = await db
    .selectFrom('gallery_version_data_disks')
    .selectAll()
    .where('version_key', '=', key)
    .orderBy('lun')
    .execute();
  return versionResource({ version, definition, regions, dataDisks }, shown);
}

async function findImage(db: Database, key: string, shown: ShownAs): Promise<ArmResource | undefined> {
  const row = await db.selectFrom('managed_images').selectAll().where('key', '=', key).executeTakeFirst();
  if (row === undefined) return undefined;
  const dataDisks = await db
    .selectFrom('managed_image_data_disks')
    .selectAll()
    .where('image_key', '=', key)
    .orderBy('lun')
    .execute();
  return managedImageResource(row, dataDisks, shown);
}
