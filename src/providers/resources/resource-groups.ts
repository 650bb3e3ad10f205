import { pageBody, pageOf } from '../../arm/paging.ts';
import { armError } from '../../errors/arm.ts';
import { resourcesError } from '../../errors/resources.ts';
import type { ResourceGroupRow } from '../../store/database.ts';
import { beginOperation, operationsInProgress } from '../../store/operations.ts';
import { isRegionName } from '../../store/regions.ts';
import type { StoreTransaction } from '../../store/store.ts';
import { resultHeaders } from '../operation-status.ts';
import type { ArmOperation, ArmRequest, ArmResponse } from '../provider.ts';
import { isObject, tagsIn } from '../request-body.ts';
import type { ProviderServices } from '../services.ts';
import { locationIn } from '../stored-type.ts';
import { DELETE_GROUP } from './delete-group.ts';
import { userFromOutside } from './group-users.ts';
import { knownRegions } from './regions.ts';
import { resourceFilter } from './tag-filter.ts';

type Tags = Readonly<Record<string, string>>;

const GROUPS = '/subscriptions/{subscriptionId}/resourceGroups';
const GROUP = `${GROUPS}/{resourceGroupName}`;
const ACTION = 'Microsoft.Resources/subscriptions/resourceGroups';

const NAME = /^[\w.()-]{0,89}[\w()-]$/;
const RULE = "1 to 90 letters, digits, '_', '-', '(', ')' and '.', the last of which is no '.'";

/** Resource groups. What is in a group goes with it. */
export function resourceGroupOperations(services: ProviderServices): readonly ArmOperation[] {
  const { store } = services;
  return [
    { method: 'GET', path: GROUPS, action: `${ACTION}/read`, handle: request => list(services, request) },
    {
      method: 'GET',
      path: GROUP,
      action: `${ACTION}/read`,
      handle: async request => ({ status: 200, body: shown(await requireGroup(store.db, request)) }),
    },
    {
      method: 'HEAD',
      path: GROUP,
      action: `${ACTION}/read`,
      handle: async ({ id }) => ({ status: (await findGroup(store.db, id)) === undefined ? 404 : 204 }),
    },
    { method: 'PUT', path: GROUP, action: `${ACTION}/write`, handle: request => put(services, request) },
    { method: 'PATCH', path: GROUP, action: `${ACTION}/write`, handle: request => patch(services, request) },
    { method: 'DELETE', path: GROUP, action: `${ACTION}/delete`, handle: request => remove(services, request) },
  ];
}

async function put(services: ProviderServices, request: ArmRequest): Promise<ArmResponse> {
  const { id, body, params } = request;
  const { resourceGroupName: name = '' } = params;
  if (!NAME.test(name)) {
    throw armError('InvalidResourceName', { name, type: 'Microsoft.Resources/resourceGroups', rule: RULE });
  }
  const given = isObject(body) ? body['location'] : undefined;
  const known = await knownRegions(services);
  const location = typeof given === 'string' && !isRegionName(normal(given)) ? given : locationIn(body);
  const tags = JSON.stringify(tagsIn(body));
  return services.store.write(async trx => {
    const found = await findGroup(trx, id);
    if (found === undefined) {
      if (!known.includes(location)) {
        throw resourcesError('LocationNotAvailableForResourceGroup', { location, known: known.join(',') });
      }
      const row = { id, key: id.toLowerCase(), location, tags, created_at: new Date().toISOString() };
      const made: ResourceGroupRow = { ...row, provisioning_state: 'Succeeded' };
      await trx.insertInto('resource_groups').values(made).execute();
      return { status: 201, body: shown(made) };
    }
    refuseWhileDeleted(found, name);
    if (found.location !== location) {
      throw resourcesError('InvalidResourceGroupLocation', { wanted: location, found: found.location });
    }
    await trx.updateTable('resource_groups').set({ tags }).where('key', '=', found.key).execute();
    return { status: 200, body: shown({ ...found, tags }) };
  });
}

async function patch({ store }: ProviderServices, request: ArmRequest): Promise<ArmResponse> {
  const { body, params } = request;
  const tags = isObject(body) && body['tags'] !== undefined ? JSON.stringify(tagsIn(body)) : undefined;
  return store.write(async trx => {
    const found = await requireGroup(trx, request);
    refuseWhileDeleted(found, params['resourceGroupName'] ?? '');
    if (tags === undefined) return { status: 200, body: shown(found) };
    await trx.updateTable('resource_groups').set({ tags }).where('key', '=', found.key).execute();
    return { status: 200, body: shown({ ...found, tags }) };
  });
}

async function remove({ store, startOperation }: ProviderServices, request: ArmRequest): Promise<ArmResponse> {
  const { subscriptionId: subscription = '' } = request.params;
  const begun = await store.write(async trx => {
    const found = await requireGroup(trx, request);
    const [going] = await operationsInProgress(trx, { kinds: [DELETE_GROUP], targetKey: found.key });
    if (going !== undefined) return going.id;
    const user = await userFromOutside(trx, found.key);
    if (user !== undefined) throw armError('ResourceInUse', user);
    await trx
      .updateTable('resource_groups')
      .set({ provisioning_state: 'Deleting' })
      .where('key', '=', found.key)
      .execute();
    const { caller, baseUrl, correlationId, requestId: id } = request;
    const input = { caller, baseUrl, correlationId };
    const operation = { kind: DELETE_GROUP, targetKey: found.key, location: found.location };
    return beginOperation(trx, { id, ...operation, subscription, correlationId, input });
  });
  startOperation(begun);
  return { status: 202, headers: resultHeaders(request, subscription, begun) };
}

async function list({ store }: ProviderServices, { id, url }: ArmRequest): Promise<ArmResponse> {
  const page = pageOf(url.searchParams);
  const filter = resourceFilter(url.searchParams.get('$filter'), ['name', 'location']);
  const prefix = `${id.toLowerCase()}/`;
  const rows = await store.db
    .selectFrom('resource_groups')
    .selectAll()
    .where('key', '>', page.after ?? prefix)
    .orderBy('key')
    .execute();
  const found = rows.filter(
    row =>
      row.key.startsWith(prefix) &&
      filter.accepts(tagsOf(row), property => (property === 'name' ? nameOf(row) : row.location)),
  );
  return { status: 200, body: pageBody(found, page, url, shown, ({ key }) => key) };
}

function shown(row: ResourceGroupRow) {
  const { id, location, provisioning_state: provisioningState } = row;
  return {
    id,
    name: nameOf(row),
    type: 'Microsoft.Resources/resourceGroups',
    location,
    tags: tagsOf(row),
    properties: { provisioningState },
  };
}

/** @param id of a group in any case */
export function findGroup(db: Pick<StoreTransaction, 'selectFrom'>, id: string): Promise<ResourceGroupRow | undefined> {
  return db.selectFrom('resource_groups').selectAll().where('key', '=', id.toLowerCase()).executeTakeFirst();
}

async function requireGroup(
  db: Pick<StoreTransaction, 'selectFrom'>,
  { id, params }: ArmRequest,
): Promise<ResourceGroupRow> {
  const found = await findGroup(db, id);
  if (found !== undefined) return found;
  throw armError('ResourceGroupNotFound', { resourceGroup: params['resourceGroupName'] ?? '' });
}

function refuseWhileDeleted({ provisioning_state }: ResourceGroupRow, resourceGroup: string): void {
  if (provisioning_state === 'Deleting') throw armError('ResourceGroupBeingDeleted', { resourceGroup });
}

function nameOf({ id }: ResourceGroupRow): string {
  return id.slice(id.lastIndexOf('/') + 1);
}

function tagsOf({ tags }: ResourceGroupRow): Tags {
  return JSON.parse(tags) as Tags;
}

function normal(region: string): string {
  return region.replaceAll(' ', '').toLowerCase();
}
