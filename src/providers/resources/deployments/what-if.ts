import { isDeepStrictEqual } from 'node:util';
import type { StoreTransaction } from '../../../store/store.ts';
import { isObject } from '../../request-body.ts';
import type { InternalClient } from '../internal-client.ts';
import { inventory } from '../inventory.ts';
import type { DeploymentBody } from './deployment-body.ts';
import { type PlannedResource, read } from './plan-deployment.ts';

type Json = Readonly<Record<string, unknown>>;

/** What a deployment would do with one resource. */
interface Change {
  readonly resourceId: string;
  readonly changeType: 'Create' | 'Delete' | 'Deploy' | 'Ignore' | 'Modify' | 'NoChange';
  readonly before?: unknown;
  readonly after?: unknown;
  readonly delta?: readonly PropertyChange[];
}

interface PropertyChange {
  readonly path: string;
  readonly propertyChangeType: 'Create' | 'Delete' | 'Modify';
  readonly before?: unknown;
  readonly after?: unknown;
  readonly children: null;
}

/** Told to the provider in the path and in the query. */
const ADDRESS = ['type', 'name', 'apiversion', 'id'];
/** Values that providers bring into a form of their own. */
const NORMALISED = ['location'];

/**
 * What a deployment would change, by what its template says of each resource: what a provider adds of its own is no change. A resource that
 * depends on the state of others, which are not there yet, is one to `Deploy`.
 */
export async function whatIf(
  db: Pick<StoreTransaction, 'selectFrom'>,
  client: InternalClient,
  planned: readonly PlannedResource[],
  groupKey: string,
  { mode, resultFormat }: Pick<DeploymentBody, 'mode' | 'resultFormat'>,
): Promise<readonly Change[]> {
  const changes: Change[] = [];
  for (const { resource } of planned) {
    if (resource.isDeployment) continue;
    const { id, apiVersion, body } = resource;
    const before = await read(client, id, apiVersion);
    changes.push(changeOf(id, before, body));
  }
  const declared = planned.map(({ resource }) => resource.id.toLowerCase());
  for (const { key, id } of await inventory(db, { scopeKey: groupKey, tracked: true })) {
    if (declared.includes(key)) continue;
    const stays = mode === 'Incremental' || declared.some(one => one.startsWith(`${key}/`));
    changes.push({ resourceId: id, changeType: stays ? 'Ignore' : 'Delete' });
  }
  return resultFormat === 'FullResourcePayloads'
    ? changes
    : changes.map(({ resourceId, changeType }) => ({ resourceId, changeType }));
}

function changeOf(resourceId: string, before: unknown, body: Json | undefined): Change {
  const there = before === undefined ? {} : { before };
  if (body === undefined) return { resourceId, changeType: 'Deploy', ...there };
  const after = { ...body, id: resourceId };
  if (before === undefined) return { resourceId, changeType: 'Create', after };
  const own = Object.entries(body).filter(([name]) => !ADDRESS.includes(name.toLowerCase()));
  const delta = differences(isObject(before) ? before : {}, Object.fromEntries(own), '');
  return { resourceId, changeType: delta.length === 0 ? 'NoChange' : 'Modify', before, after, delta };
}

/** Where a value is not as it is to be. Members that are not said to be anything may be anything, but for tags. */
function differences(before: Json, after: Json, path: string): readonly PropertyChange[] {
  const changes: PropertyChange[] = [];
  for (const [name, wanted] of Object.entries(after)) {
    const at = path === '' ? name : `${path}.${name}`;
    const found = Object.entries(before).find(([key]) => key.toLowerCase() === name.toLowerCase())?.[1];
    if (isObject(wanted) && isObject(found)) changes.push(...differences(found, wanted, at));
    else if (found === undefined) {
      if (wanted !== null) changes.push({ path: at, propertyChangeType: 'Create', after: wanted, children: null });
    } else if (!isSame(found, wanted, name)) {
      changes.push({ path: at, propertyChangeType: 'Modify', before: found, after: wanted, children: null });
    }
  }
  if (path.toLowerCase() === 'tags') {
    for (const [name, value] of Object.entries(before)) {
      const gone = !Object.keys(after).some(key => key.toLowerCase() === name.toLowerCase());
      const at = `${path}.${name}`;
      if (gone) changes.push({ path: at, propertyChangeType: 'Delete', before: value, children: null });
    }
  }
  return changes;
}

function isSame(found: unknown, wanted: unknown, name: string): boolean {
  if (NORMALISED.includes(name.toLowerCase()) && typeof found === 'string' && typeof wanted === 'string') {
    const plain = (text: string) => text.replaceAll(' ', '').toLowerCase();
    return plain(found) === plain(wanted);
  }
  if (Array.isArray(found) && Array.isArray(wanted)) {
    return found.length === wanted.length && wanted.every((one, i) => isSame(found[i], one, ''));
  }
  if (isObject(found) && isObject(wanted)) return differences(found, wanted, '').length === 0;
  return isDeepStrictEqual(found, wanted);
}
