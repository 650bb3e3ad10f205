import { sql } from 'kysely';
import type { StoreTransaction } from '../../store/store.ts';

/** Members of bodies that name what came out, or what only a run needs: the image that a template is built from, and where it goes. */
const NOT_NEEDED = new Set(['source', 'distribute', 'lastrunstatus', 'provisioningerror']);

/**
 * Something outside of a resource group that needs something in it: a resource that names one of the group's, or the template whose
 * staging group it is.
 *
 * @param groupKey key of the group
 */
export async function userFromOutside(
  trx: Pick<StoreTransaction, 'selectFrom'>,
  groupKey: string,
): Promise<{ readonly resource: string; readonly by: string } | undefined> {
  const staging = await trx.selectFrom('staging_groups').select('holder').where('group_key', '=', groupKey).execute();
  for (const { holder } of staging) {
    const key = holder.replace(/^template:/, '').toLowerCase();
    if (key.startsWith(`${groupKey}/`) || (await isGone(trx, key))) continue;
    return { resource: groupKey, by: holder.replace(/^template:/, '') };
  }
  const rows = await trx
    .selectFrom('resources')
    .select(['id', 'body'])
    .where(eb => eb.or([eb('resource_group_key', 'is', null), eb('resource_group_key', '<>', groupKey)]))
    .where('type', 'not like', 'Microsoft.Resources/%')
    // Names may have a `_`, which fits any character here; what is found is looked at again.
    .where(sql<string>`lower(${sql.ref('body')})`, 'like', `%${groupKey}/%`)
    .where('provisioning_state', '<>', 'Deleting')
    .orderBy('key')
    .execute();
  for (const { id, body } of rows) {
    const left = (await isBeingBuilt(trx, id)) ? [] : NOT_NEEDED;
    const resource = idBelow(`${groupKey}/`, JSON.parse(body), new Set(left));
    if (resource !== undefined) return { resource, by: id };
  }
  return undefined;
}

/** Whether a template is no more, or is about to be. */
async function isGone(trx: Pick<StoreTransaction, 'selectFrom'>, key: string): Promise<boolean> {
  const template = await trx
    .selectFrom('resources')
    .select('provisioning_state')
    .where('key', '=', key)
    .executeTakeFirst();
  return template === undefined || template.provisioning_state === 'Deleting';
}

async function isBeingBuilt(trx: Pick<StoreTransaction, 'selectFrom'>, id: string): Promise<boolean> {
  const run = await trx
    .selectFrom('runs')
    .select('id')
    .where('template_key', '=', id.toLowerCase())
    .where('status', 'in', ['Queued', 'Running'])
    .limit(1)
    .executeTakeFirst();
  return run !== undefined;
}

/** The first text in a value, or name of a member, that begins with a prefix. */
function idBelow(prefix: string, value: unknown, leftOut: ReadonlySet<string>): string | undefined {
  if (typeof value === 'string') return value.toLowerCase().startsWith(prefix) ? value : undefined;
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [name, inner] of Object.entries(value)) {
    if (leftOut.has(name.toLowerCase())) continue;
    const found = name.toLowerCase().startsWith(prefix) ? name : idBelow(prefix, inner, leftOut);
    if (found !== undefined) return found;
  }
  return undefined;
}
