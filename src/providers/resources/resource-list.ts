import { PAGE_BYTES, pageBody, pageOf } from '../../arm/paging.ts';
import type { Store } from '../../store/store.ts';
import type { ArmOperation, ArmRequest, ArmResponse } from '../provider.ts';
import { isObject } from '../request-body.ts';
import { type InventoryRow, inventory } from './inventory.ts';
import { resourceFilter } from './tag-filter.ts';

type Tags = Readonly<Record<string, string>>;

/** Resources that are read at once while those are looked for that a filter lets through. */
const BATCH = 1000;
/** Bodies that are read at once: the largest are of a megabyte. */
const BODIES = 20;
/** What a list shows of a resource besides what all have. */
const OWN_MEMBERS = ['identity', 'kind', 'sku', 'plan', 'managedBy'];
const FILTERED = ['resourcetype', 'resourcegroup', 'name', 'location'];

/** Lists of the resources of a subscription and of a resource group, whatever their types. */
export function resourceListOperations(store: Store): readonly ArmOperation[] {
  return [
    {
      method: 'GET',
      path: '/subscriptions/{subscriptionId}/resources',
      action: 'Microsoft.Resources/subscriptions/resources/read',
      handle: request => list(store, request),
    },
    {
      method: 'GET',
      path: '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/resources',
      action: 'Microsoft.Resources/subscriptions/resourceGroups/resources/read',
      handle: request => list(store, request),
    },
  ];
}

async function list(store: Store, { id, url }: ArmRequest): Promise<ArmResponse> {
  const page = pageOf(url.searchParams);
  const filter = resourceFilter(url.searchParams.get('$filter'), FILTERED);
  const expand = (url.searchParams.get('$expand') ?? '')
    .toLowerCase()
    .split(',')
    .map(member => member.trim());
  const type = filter.conditions.find(one => one.property === 'resourcetype' && one.operator === 'eq')?.value;
  const scopeKey = id.slice(0, id.lastIndexOf('/')).toLowerCase();
  const found: InventoryRow[] = [];
  let { after } = page;
  for (let more = true; more && found.length <= page.size; ) {
    const rows = await inventory(store.db, {
      scopeKey,
      tracked: true,
      limit: BATCH,
      ...(type === undefined ? {} : { type }),
      ...(after === undefined ? {} : { after }),
    });
    found.push(...rows.filter(row => filter.accepts(tagsOf(row), property => textOf(row, property))));
    after = rows.at(-1)?.key;
    more = rows.length === BATCH;
  }
  const wanted = found.slice(0, page.size + 1);
  const { own, read } = await ownMembers(store, wanted);
  const show = (row: InventoryRow) => ({ ...shown(row, expand), ...own.get(row.key) });
  const next = read < wanted.length ? wanted[read - 1]?.key : undefined;
  return { status: 200, body: pageBody(wanted.slice(0, read), page, url, show, ({ key }) => key, next) };
}

function shown(row: InventoryRow, expand: readonly string[]) {
  const { id, type, location, tags, created_at, changed_at, provisioning_state } = row;
  return {
    id,
    name: nameIn(id),
    type,
    location,
    ...(tags === null ? {} : { tags: tagsOf(row) }),
    ...(expand.includes('createdtime') ? { createdTime: created_at } : {}),
    ...(expand.includes('changedtime') ? { changedTime: changed_at } : {}),
    ...(expand.includes('provisioningstate') ? { provisioningState: provisioning_state } : {}),
  };
}

/** `identity` and such, of those resources that have them: of the first of these rows, as many as a page may read. */
async function ownMembers(store: Store, rows: readonly InventoryRow[]) {
  const members = new Map<string, Readonly<Record<string, unknown>>>();
  let [bytes, read] = [0, 0];
  while (read < rows.length && bytes < PAGE_BYTES) {
    const keys = rows.slice(read, read + BODIES).map(({ key }) => key);
    read += keys.length;
    const bodies = await store.db.selectFrom('resources').select(['key', 'body']).where('key', 'in', keys).execute();
    for (const { key, body } of bodies) {
      bytes += body.length;
      const value: unknown = JSON.parse(body);
      const own = Object.entries(isObject(value) ? value : {}).filter(([name]) => OWN_MEMBERS.includes(name));
      members.set(key, Object.fromEntries(own));
    }
  }
  return { own: members, read };
}

function textOf({ id, type, location }: InventoryRow, property: string): string | undefined {
  if (property === 'resourcetype') return type;
  if (property === 'location') return location ?? undefined;
  if (property === 'name') return nameIn(id);
  return /\/resourcegroups\/([^/]+)/i.exec(id)?.[1];
}

/** With the names of what it is nested in: `gallery/definition`. */
export function nameIn(id: string): string {
  const parts = id.slice(id.toLowerCase().lastIndexOf('/providers/') + '/providers/'.length).split('/');
  return parts.filter((_, i) => i > 0 && i % 2 === 0).join('/');
}

function tagsOf({ tags }: InventoryRow): Tags {
  return tags === null ? {} : (JSON.parse(tags) as Tags);
}
