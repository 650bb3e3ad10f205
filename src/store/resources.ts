import { sql } from 'kysely';
import type { ResourceRow } from './database.ts';
import type { StoreTransaction } from './store.ts';

type Json = Readonly<Record<string, unknown>>;
type Db = Pick<StoreTransaction, 'selectFrom'>;

/** A resource of a type that has no table of its own. */
export interface StoredResource {
  readonly key: string;
  readonly id: string;
  readonly type: string;
  readonly name: string;
  readonly subscription: string | undefined;
  readonly resourceGroupKey: string | undefined;
  readonly parentKey: string | undefined;
  readonly location: string | undefined;
  readonly tags: Readonly<Record<string, string>> | undefined;
  /** What a client sees besides `id`, `name`, `type`, `location`, `tags`: `properties`, `identity` ... */
  readonly body: Json;
  /** What only the service needs. */
  readonly internal: Json;
  readonly provisioningState: string;
  readonly createdAt: string;
  readonly changedAt: string;
  readonly createdBy: string | undefined;
}

export type NewResource = Omit<
  StoredResource,
  'key' | 'name' | 'subscription' | 'resourceGroupKey' | 'createdAt' | 'changedAt'
>;

/** Adds a resource. Its id says its name, subscription and resource group. Returns it as it is stored. */
export async function insertResource(trx: StoreTransaction, resource: NewResource): Promise<StoredResource> {
  const now = new Date().toISOString();
  const row: ResourceRow = {
    key: resource.id.toLowerCase(),
    id: resource.id,
    type: resource.type,
    name: resource.id.slice(resource.id.lastIndexOf('/') + 1),
    subscription: /^\/subscriptions\/([^/]+)/i.exec(resource.id)?.[1]?.toLowerCase() ?? null,
    resource_group_key: /^\/subscriptions\/[^/]+\/resourcegroups\/[^/]+/i.exec(resource.id)?.[0].toLowerCase() ?? null,
    parent_key: resource.parentKey ?? null,
    location: resource.location ?? null,
    tags: resource.tags === undefined ? null : JSON.stringify(resource.tags),
    body: JSON.stringify(resource.body),
    internal: JSON.stringify(resource.internal),
    provisioning_state: resource.provisioningState,
    created_at: now,
    changed_at: now,
    created_by: resource.createdBy ?? null,
  };
  await trx.insertInto('resources').values(row).execute();
  return resourceOf(row);
}

export type ResourceChange = Partial<
  Pick<StoredResource, 'location' | 'tags' | 'body' | 'internal' | 'provisioningState'>
>;

/** Changes what is given of a resource. Returns it as it is then; `undefined` when there is none. */
export async function updateResource(
  trx: StoreTransaction,
  key: string,
  change: ResourceChange,
): Promise<StoredResource | undefined> {
  const row = await trx
    .updateTable('resources')
    .set({
      changed_at: new Date().toISOString(),
      ...(change.location === undefined ? {} : { location: change.location }),
      ...(change.tags === undefined ? {} : { tags: JSON.stringify(change.tags) }),
      ...(change.body === undefined ? {} : { body: JSON.stringify(change.body) }),
      ...(change.internal === undefined ? {} : { internal: JSON.stringify(change.internal) }),
      ...(change.provisioningState === undefined ? {} : { provisioning_state: change.provisioningState }),
    })
    .where('key', '=', key)
    .returningAll()
    .executeTakeFirst();
  return row === undefined ? undefined : resourceOf(row);
}

/** @param id an ARM id in any case */
export async function findResource(db: Db, id: string): Promise<StoredResource | undefined> {
  const row = await db.selectFrom('resources').selectAll().where('key', '=', id.toLowerCase()).executeTakeFirst();
  return row === undefined ? undefined : resourceOf(row);
}

/** Whether there is a resource, without reading it. @param id an ARM id in any case */
export async function hasResource(db: Db, id: string): Promise<boolean> {
  const row = await db.selectFrom('resources').select('key').where('key', '=', id.toLowerCase()).executeTakeFirst();
  return row !== undefined;
}

/** Which resources to list. Keys may be given in any case. */
export interface ResourceQuery {
  readonly type?: string;
  readonly subscription?: string;
  readonly resourceGroupKey?: string;
  readonly parentKey?: string;
  /** Only those after this key, in the order of keys. */
  readonly after?: string;
  readonly limit?: number;
}

/** Resources in the order of their keys. */
export async function listResources(db: Db, query: ResourceQuery): Promise<readonly StoredResource[]> {
  const rows = await select(db, query).selectAll().execute();
  return rows.map(resourceOf);
}

/** Of a page, as they are stored. */
const PAGE_BYTES = 8 * 1024 * 1024;

/** A part of a list that the memory of a process is large enough for. */
export interface ResourcePage {
  readonly found: readonly StoredResource[];
  /** What the others come after; nothing when these are the last. */
  readonly next: string | undefined;
}

/** Resources in the order of their keys: as many as are asked for, or fewer when these are many bytes, but at least one. */
export async function pageOfResources(db: Db, query: ResourceQuery, size: number): Promise<ResourcePage> {
  const bytes = sql<number>`octet_length(${sql.ref('body')}) + octet_length(${sql.ref('internal')})`;
  const sizes = await select(db, { ...query, limit: size + 1 })
    .select(['key', bytes.as('bytes')])
    .execute();
  let room = PAGE_BYTES;
  const keys = sizes.slice(0, size).flatMap((row, i) => {
    room -= row.bytes;
    return i === 0 || room >= 0 ? [row.key] : [];
  });
  const last = keys.at(-1);
  if (last === undefined) return { found: [], next: undefined };
  const rows = await select(db, query).selectAll().where('key', '<=', last).execute();
  return { found: rows.map(resourceOf), next: keys.length < sizes.length ? last : undefined };
}

/** Those of a query, in order, of which the columns are still to be named. */
function select(db: Db, query: ResourceQuery) {
  let found = db.selectFrom('resources');
  if (query.type !== undefined) found = found.where('type', '=', query.type);
  if (query.subscription !== undefined) found = found.where('subscription', '=', query.subscription.toLowerCase());
  if (query.resourceGroupKey !== undefined) {
    found = found.where('resource_group_key', '=', query.resourceGroupKey.toLowerCase());
  }
  if (query.parentKey !== undefined) found = found.where('parent_key', '=', query.parentKey.toLowerCase());
  if (query.after !== undefined) found = found.where('key', '>', query.after);
  if (query.limit !== undefined) found = found.limit(query.limit);
  return found.orderBy('key');
}

/** Removes a resource, and those below it. Returns whether there was one. */
export async function removeResource(trx: StoreTransaction, key: string): Promise<boolean> {
  const children = await trx.selectFrom('resources').select('key').where('parent_key', '=', key).execute();
  for (const child of children) await removeResource(trx, child.key);
  const { numDeletedRows } = await trx.deleteFrom('resources').where('key', '=', key).executeTakeFirst();
  return numDeletedRows > 0n;
}

function resourceOf(row: ResourceRow): StoredResource {
  return {
    key: row.key,
    id: row.id,
    type: row.type,
    name: row.name,
    subscription: row.subscription ?? undefined,
    resourceGroupKey: row.resource_group_key ?? undefined,
    parentKey: row.parent_key ?? undefined,
    location: row.location ?? undefined,
    tags: row.tags === null ? undefined : (JSON.parse(row.tags) as Record<string, string>),
    body: JSON.parse(row.body) as Json,
    internal: JSON.parse(row.internal) as Json,
    provisioningState: row.provisioning_state,
    createdAt: row.created_at,
    changedAt: row.changed_at,
    createdBy: row.created_by ?? undefined,
  };
}
