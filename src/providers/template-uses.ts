import { type Expression, sql } from 'kysely';
import { findResource } from '../store/resources.ts';
import type { StoreTransaction } from '../store/store.ts';
import type { ImageTemplate } from '../template/model.ts';
import { objectIn } from './request-body.ts';
import { TEMPLATE_TYPE } from './virtual-machine-images/places.ts';
import { type StoredTemplate, storedTemplate } from './virtual-machine-images/stored-template.ts';

type Db = Pick<StoreTransaction, 'selectFrom'>;

/** Id of an image template that a predicate is true of, among those whose text has the id of a resource in it. */
export async function templateThat(
  db: Db,
  key: string,
  uses: (template: ImageTemplate, stored: StoredTemplate) => boolean,
): Promise<string | undefined> {
  const pattern = `%${asPattern(JSON.stringify(key).slice(1, -1))}%`;
  const mentions = (column: Expression<string>) => sql<boolean>`lower(${column}) like ${pattern} escape '!'`;
  const found = await db
    .selectFrom('resources')
    .select('key')
    .where('type', '=', TEMPLATE_TYPE)
    .where(({ or, ref }) => or([mentions(ref('body')), mentions(ref('internal'))]))
    .orderBy('key')
    .execute();
  for (const { key: templateKey } of found) {
    const resource = await findResource(db, templateKey);
    if (resource === undefined) continue;
    const stored = storedTemplate(resource);
    if (uses(stored.state.template, stored)) return resource.id;
  }
  return undefined;
}

/** Id of an image template that uses an identity, for itself or for its build VM. */
export function templateWithIdentity(db: Db, key: string): Promise<string | undefined> {
  return templateThat(db, key, ({ vmProfile }, { identity }) =>
    [...Object.keys(objectIn(identity, 'userAssignedIdentities')), ...vmProfile.userAssignedIdentities].some(id =>
      isSame(id, key),
    ),
  );
}

/** By key of a subnet of a network: id of an image template whose build VM is to be in it. */
export async function templatesInNetwork(db: Db, networkKey: string): Promise<ReadonlyMap<string, string>> {
  const users = new Map<string, string>();
  await templateThat(db, `${networkKey}/subnets/`, ({ vmProfile: { vnetConfig } }, { resource }) => {
    for (const id of [vnetConfig.subnetId, vnetConfig.containerInstanceSubnetId])
      users.set(id.toLowerCase(), resource.id);
    return false;
  });
  return users;
}

/** Id of an image template that is being built from an image, or published to it or to something below it. */
export async function templateBuilding(db: Db, key: string): Promise<string | undefined> {
  const runs = await db
    .selectFrom('runs')
    .select('template_key')
    .where('status', 'in', ['Queued', 'Running'])
    .where('template_key', 'is not', null)
    .execute();
  for (const { template_key: templateKey } of runs) {
    const resource = await findResource(db, templateKey ?? '');
    if (resource === undefined) continue;
    const { state } = storedTemplate(resource);
    if (imagesOf(state.template, state.exactVersion).some(id => isSame(id, key) || isBelow(id, key)))
      return resource.id;
  }
  return undefined;
}

function imagesOf({ source, distribute }: ImageTemplate, exactVersion: string): readonly string[] {
  const sources =
    source.type === 'ManagedImage'
      ? [source.imageId]
      : source.type === 'SharedImageVersion'
        ? [source.imageVersionId, exactVersion]
        : [];
  const targets = distribute.flatMap(target => {
    if (target.type === 'ManagedImage') return [target.imageId];
    return target.type === 'SharedImage' ? [target.galleryImageId] : [];
  });
  return [...sources, ...targets];
}

function isSame(id: string, key: string): boolean {
  return id.toLowerCase() === key;
}

function isBelow(id: string, key: string): boolean {
  return id.toLowerCase().startsWith(`${key}/`);
}

function asPattern(text: string): string {
  return text.replace(/[!%_]/g, character => `!${character}`);
}
