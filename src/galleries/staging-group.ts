import { randomUUID } from 'node:crypto';
import { storeError } from '../errors/store.ts';
import type { ResourceGroupRow } from '../store/database.ts';
import { regionName } from '../store/regions.ts';
import type { Store, StoreTransaction } from '../store/store.ts';
import { type GroupId, keyOf, parseResourceGroupId, resourceGroupId } from './resource-id.ts';

/** The resource group that a template uses for what its builds need and nobody else should see. */
export interface StagingRequest {
  /** `stagingResourceGroup` of the template: the id of a group, or empty. */
  readonly wanted: string;
  readonly template: {
    readonly name: string;
    readonly resourceGroup: string;
    readonly location: string;
    /** Where the group lies when the template names none. */
    readonly subscription: string;
  };
  /** Refuse, as the service does, a group in another subscription. On the command line a template lies in none. */
  readonly strict: boolean;
}

export interface StagingPreparation extends StagingRequest {
  /** Who gives the group up later: `runHolder(runId)` on the command line, else the template's id. */
  readonly holder: string;
  /** `managedResourceTags` of the template, for a group that is made. */
  readonly tags: Readonly<Record<string, string>>;
}

const MAKER = 'AzureVMImageBuilder';
/** The tags by which a group that was there before is known to belong to a template, on Azure as here. */
const USED = ['usedBy', 'imageTemplateName', 'imageTemplateResourceGroupName'];
const NAME_LENGTH = 40;

/**
 * Whether the group that a template names may be its staging group: it does not exist, or is empty, in the template's
 * region and nobody else's.
 *
 * @throws KilnError `BadStagingResourceGroup`.
 */
export async function checkStagingGroup(store: Store, request: StagingRequest): Promise<void> {
  if (request.wanted !== '') await findUsable(store.db, request);
}

/**
 * Makes or takes the staging group of a template, tags it, and notes who holds it. `created` says whether it was made:
 * then it goes with its holder.
 *
 * @throws KilnError `BadStagingResourceGroup`.
 */
export function prepareStagingGroup(
  store: Store,
  request: StagingPreparation,
): Promise<{ readonly id: string; readonly created: boolean }> {
  const { template, wanted, holder } = request;
  const templateTags = { imageTemplateName: template.name, imageTemplateResourceGroupName: template.resourceGroup };
  return store.write(async trx => {
    const found = wanted === '' ? undefined : await findUsable(trx, request);
    const id = found?.id ?? resourceGroupId(wanted === '' ? ownGroup(template) : groupOf(wanted));
    if (found === undefined) {
      const tags = { ...request.tags, createdBy: MAKER, ...templateTags };
      await trx
        .insertInto('resource_groups')
        .values({
          key: keyOf(id),
          id,
          location: regionName(template.location),
          tags: JSON.stringify(tags),
          created_at: new Date().toISOString(),
          provisioning_state: 'Succeeded',
        })
        .execute();
    } else await setTags(trx, found.key, { ...tagsOf(found), usedBy: MAKER, ...templateTags });
    const created = found === undefined;
    await trx
      .insertInto('staging_groups')
      .values({ group_key: keyOf(id), holder, created: created ? 1 : 0 })
      .execute();
    return { id, created };
  });
}

/** Id of the group that a holder has. */
export async function heldStagingGroup(store: Store, holder: string): Promise<string | undefined> {
  const row = await store.db
    .selectFrom('staging_groups')
    .innerJoin('resource_groups', 'resource_groups.key', 'staging_groups.group_key')
    .select('resource_groups.id')
    .where('holder', '=', holder)
    .executeTakeFirst();
  return row?.id;
}

/**
 * Gives up the staging groups of a holder: one that was made for it is removed, one that was there before keeps its own
 * tags. What somebody has published into a group stays, and the group with it.
 *
 * @returns ids of the groups that were removed
 */
export function releaseStagingGroup(store: Store, holder: string): Promise<readonly string[]> {
  return store.write(async trx => {
    const held = await trx
      .selectFrom('staging_groups')
      .innerJoin('resource_groups', 'resource_groups.key', 'staging_groups.group_key')
      .selectAll('resource_groups')
      .select('staging_groups.created')
      .where('holder', '=', holder)
      .execute();
    const removed: string[] = [];
    for (const group of held) {
      if (group.created === 1 && (await contentOf(trx, group.key)) === undefined) {
        await trx.deleteFrom('resource_groups').where('key', '=', group.key).execute();
        removed.push(group.id);
        continue;
      }
      const ours = group.created === 1 ? [...USED, 'createdBy'] : USED;
      const own = Object.entries(tagsOf(group)).filter(([name]) => !ours.includes(name));
      await setTags(trx, group.key, Object.fromEntries(own));
    }
    await trx.deleteFrom('staging_groups').where('holder', '=', holder).execute();
    return removed;
  });
}

/** The name that the service gives: 40 characters of the template's group and name, and something unique. */
function ownGroup({ subscription, resourceGroup, name }: StagingRequest['template']): GroupId {
  const text = `${resourceGroup}_${name}`.slice(0, NAME_LENGTH);
  return { subscription, resourceGroup: `IT_${text}_${randomUUID()}` };
}

/** The group that a template names, if it exists. */
async function findUsable(
  db: Pick<StoreTransaction, 'selectFrom'>,
  { wanted, template, strict }: StagingRequest,
): Promise<ResourceGroupRow | undefined> {
  const id = groupOf(wanted);
  const fail = (reason: string) => storeError('BadStagingResourceGroup', { id: wanted, reason });
  if (strict && keyOf(id.subscription) !== keyOf(template.subscription)) {
    throw fail(`it is in another subscription than the template, which is in ${template.subscription}`);
  }
  const key = keyOf(resourceGroupId(id));
  const group = await db.selectFrom('resource_groups').selectAll().where('key', '=', key).executeTakeFirst();
  if (group === undefined) return undefined;
  const tag = Object.entries(tagsOf(group)).find(([name]) => USED.includes(name));
  if (tag !== undefined) throw fail(`it is associated with another image template (its tag \`${tag.join('=')}\`)`);
  // Somebody may have changed its tags.
  const held = await db.selectFrom('staging_groups').select('holder').where('group_key', '=', key).executeTakeFirst();
  if (held !== undefined) throw fail('another image template, or a build, uses it');
  const location = regionName(template.location);
  if (group.location !== location) throw fail(`it is in ${group.location}, the template in ${location}`);
  const content = await contentOf(db, key);
  if (content !== undefined) throw fail(`it is not empty: ${content} is in it`);
  return group;
}

/** The rules for names of resource groups, of which the id's form leaves two to be checked. */
function groupOf(id: string): GroupId {
  const fail = (reason: string, cause?: unknown) => storeError('BadStagingResourceGroup', { id, reason }, { cause });
  let parsed: GroupId;
  try {
    parsed = parseResourceGroupId(id);
  } catch (cause) {
    throw fail('it is not the id of a resource group', cause);
  }
  const { resourceGroup: name } = parsed;
  if (name.length <= 90 && !name.endsWith('.')) return parsed;
  throw fail('the name of a group has at most 90 characters, the last of which is no period');
}

/** Something that is in a group. */
async function contentOf(db: Pick<StoreTransaction, 'selectFrom'>, key: string): Promise<string | undefined> {
  const gallery = await db
    .selectFrom('galleries')
    .select('id')
    .where('resource_group_key', '=', key)
    .limit(1)
    .executeTakeFirst();
  if (gallery !== undefined) return gallery.id;
  const image = await db
    .selectFrom('managed_images')
    .select('id')
    .where('resource_group_key', '=', key)
    .limit(1)
    .executeTakeFirst();
  if (image !== undefined) return image.id;
  const other = await db
    .selectFrom('resources')
    .select('id')
    .where('resource_group_key', '=', key)
    .limit(1)
    .executeTakeFirst();
  return other?.id;
}

function tagsOf(group: ResourceGroupRow): Record<string, string> {
  return JSON.parse(group.tags) as Record<string, string>;
}

async function setTags(trx: StoreTransaction, key: string, tags: Record<string, string>): Promise<void> {
  await trx
    .updateTable('resource_groups')
    .set({ tags: JSON.stringify(tags) })
    .where('key', '=', key)
    .execute();
}
