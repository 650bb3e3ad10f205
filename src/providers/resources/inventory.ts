import { sql } from 'kysely';
import type { StoreTransaction } from '../../store/store.ts';

/** What is known of every resource, whichever table it is in. */
export interface InventoryRow {
  readonly key: string;
  readonly id: string;
  readonly type: string;
  readonly location: string | null;
  /** JSON, or `null`. */
  readonly tags: string | null;
  readonly created_at: string;
  readonly changed_at: string;
  readonly provisioning_state: string;
}

export interface InventoryQuery {
  /** Key of a subscription or a resource group. */
  readonly scopeKey: string;
  /** Only those that have a location, which are those that Azure lists. */
  readonly tracked?: boolean;
  /** In any case. */
  readonly type?: string;
  /** Only those after this key. */
  readonly after?: string;
  readonly limit?: number;
}

/** Resources below a scope in the order of their keys: those of any type, and those of the types with tables of their own. */
export function inventory(
  db: Pick<StoreTransaction, 'selectFrom'>,
  { scopeKey, tracked, type, after, limit }: InventoryQuery,
): Promise<readonly InventoryRow[]> {
  const prefix = `${scopeKey}/`;
  const all = db
    .selectFrom('resources')
    .select(['key', 'id', 'type', 'location', 'tags', 'created_at', 'changed_at', 'provisioning_state'])
    .unionAll(
      db
        .selectFrom('galleries')
        .select(['key', 'id', said('Microsoft.Compute/galleries').as('type'), 'location', 'tags', 'created_at'])
        .select(['created_at as changed_at', said('Succeeded').as('provisioning_state')]),
    )
    .unionAll(
      db
        .selectFrom('image_definitions')
        .select(['key', 'id', said('Microsoft.Compute/galleries/images').as('type'), 'location', 'tags', 'created_at'])
        .select(['created_at as changed_at', said('Succeeded').as('provisioning_state')]),
    )
    .unionAll(
      db
        .selectFrom('gallery_versions as version')
        .innerJoin('image_definitions as definition', 'definition.key', 'version.definition_key')
        .where('version.status', '=', 'Published')
        .select(['version.key', 'version.id', said('Microsoft.Compute/galleries/images/versions').as('type')])
        .select(['definition.location', 'version.tags', 'version.published_at as created_at'])
        .select(['version.published_at as changed_at', said('Succeeded').as('provisioning_state')]),
    )
    .unionAll(
      db
        .selectFrom('managed_images')
        .select(['key', 'id', said('Microsoft.Compute/images').as('type'), 'location', 'tags'])
        .select([
          'published_at as created_at',
          'published_at as changed_at',
          said('Succeeded').as('provisioning_state'),
        ]),
    );
  let query = db
    .selectFrom(all.as('resource'))
    .selectAll()
    .where(sql<string>`substr(${sql.ref('key')}, 1, ${sql.lit(prefix.length)})`, '=', prefix);
  if (tracked) query = query.where('location', 'is not', null);
  if (type !== undefined) query = query.where(sql<string>`lower(${sql.ref('type')})`, '=', type.toLowerCase());
  if (after !== undefined) query = query.where('key', '>', after);
  if (limit !== undefined) query = query.limit(limit);
  return query.orderBy('key').execute();
}

/** A text as a column. */
function said(text: string) {
  return sql<string>`${sql.lit(text)}`;
}
