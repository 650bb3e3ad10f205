import { jsonBytes, PAGE_BYTES, pageBody, pageOf } from '../arm/paging.ts';
import { armError, resourceNotFound } from '../errors/arm.ts';
import { regionName } from '../store/regions.ts';
import {
  findResource,
  insertResource,
  pageOfResources,
  removeResource,
  type StoredResource,
  updateResource,
} from '../store/resources.ts';
import type { Store, StoreTransaction } from '../store/store.ts';
import { requireLivingGroup } from './living-group.ts';
import type { ArmOperation, ArmRequest, ArmResponse } from './provider.ts';
import { isObject, tagsIn } from './request-body.ts';

type Json = Readonly<Record<string, unknown>>;

/** What a type of resource does differently from other ones that are only stored. */
export interface StoredType {
  /** In Azure's spelling: `Microsoft.Network/virtualNetworks/subnets`. */
  readonly type: string;
  /** Path of one, as the API descriptions write it; the last `{name}` is the resource's own. */
  readonly path: string;
  /** Whether it has `location` and `tags`. */
  readonly tracked: boolean;
  readonly name: { readonly pattern: RegExp; readonly rule: string };
  /** Whether it can be listed for a subscription. */
  readonly inSubscription?: boolean;
  /**
   * What is to be stored of a `PUT`'s body, checked and completed. `found` is the resource as it is.
   *
   * @throws KilnError for a body that the type does not take
   */
  readonly prepare: (
    request: ArmRequest,
    found: StoredResource | undefined,
    trx: StoreTransaction,
  ) => Promise<{ readonly body: Json; readonly internal?: Json; readonly provisioningState?: string }>;
  /** What a client sees; without it what is stored. */
  readonly show?: (resource: StoredResource, request: ArmRequest) => Json | Promise<Json>;
  /** @throws KilnError `ResourceInUse` when others use it. */
  readonly refuseDelete?: (trx: StoreTransaction, resource: StoredResource) => Promise<void>;
  /** What goes with a resource, in the transaction that removes it. What lasts longer is to be done after that. */
  readonly removed?: (trx: StoreTransaction, resource: StoredResource) => Promise<AfterCommit | undefined>;
  /** Status of the answer to a `PUT` that made a resource; 201, if not given. */
  readonly madeStatus?: 200 | 201;
  /** Which of these operations there are not. */
  readonly without?: readonly ('PUT' | 'PATCH' | 'DELETE')[];
  /** Bytes of a `PUT`'s body where they may be more than what is stored of one resource. */
  readonly largestBody?: number;
}

/** What is left to do when nobody waits for the store. */
export type AfterCommit = () => Promise<void>;

/** Of what is stored of one resource: lists read a thousand. */
const LARGEST_RESOURCE = 256 * 1024;

/** Operations of a type whose resources are only stored: `GET`, lists, `PUT`, `PATCH` of tags, `DELETE`. */
export function storedType(store: Store, type: StoredType): readonly ArmOperation[] {
  const collection = type.path.slice(0, type.path.lastIndexOf('/'));
  const show = async (resource: StoredResource, request: ArmRequest) =>
    type.show === undefined ? shownResource(resource) : type.show(resource, request);
  const operations: ArmOperation[] = [
    {
      method: 'GET',
      path: type.path,
      action: `${type.type}/read`,
      handle: async request => ({
        status: 200,
        body: await show(await requireResource(store.db, request.id), request),
      }),
    },
    {
      method: 'GET',
      path: collection,
      action: `${type.type}/read`,
      handle: request => listIn(store, type, request, show),
    },
  ];
  if (type.inSubscription) {
    operations.push({
      method: 'GET',
      path: `/subscriptions/{subscriptionId}/providers/${type.type}`,
      action: `${type.type}/read`,
      handle: request => listIn(store, type, request, show),
    });
  }
  const has = (method: 'PUT' | 'PATCH' | 'DELETE') => !type.without?.includes(method);
  if (has('PUT')) {
    operations.push({
      method: 'PUT',
      path: type.path,
      action: `${type.type}/write`,
      ...(type.largestBody === undefined ? {} : { largestBody: type.largestBody }),
      handle: async request => {
        const { resource, made } = await store.write(trx => put(trx, type, request));
        return { status: made ? (type.madeStatus ?? 201) : 200, body: await show(resource, request) };
      },
    });
  }
  if (has('PATCH') && type.tracked) {
    operations.push({
      method: 'PATCH',
      path: type.path,
      action: `${type.type}/write`,
      handle: async request => {
        const { key } = await requireResource(store.db, request.id);
        const tags = isObject(request.body) && request.body['tags'] !== undefined ? { tags: tagsIn(request.body) } : {};
        const changed = await store.write(trx => updateResource(trx, key, tags));
        return { status: 200, body: await show(changed ?? (await requireResource(store.db, key)), request) };
      },
    });
  }
  if (has('DELETE')) {
    operations.push({
      method: 'DELETE',
      path: type.path,
      action: `${type.type}/delete`,
      handle: async request => {
        const { found, after } = await store.write(trx => removeOne(trx, type, request.id));
        await after?.();
        return { status: found ? 200 : 204 };
      },
    });
  }
  return operations;
}

/** A resource as clients see it: what every type has, then its own. */
export function shownResource(resource: StoredResource): Json {
  return {
    ...resource.body,
    ...(resource.location === undefined ? {} : { location: resource.location }),
    ...(resource.tags === undefined ? {} : { tags: resource.tags }),
    id: resource.id,
    name: resource.name,
    type: resource.type,
  };
}

/** @throws KilnError `ResourceNotFound`. */
export async function requireResource(db: Pick<StoreTransaction, 'selectFrom'>, id: string): Promise<StoredResource> {
  const found = await findResource(db, id);
  if (found === undefined) throw notFound(id);
  return found;
}

/** The error of a resource that is not there. */
export function notFound(id: string) {
  const [, resourceGroup] = /\/resourcegroups\/([^/]+)/i.exec(id) ?? [];
  const resource = id.replace(/^.*\/providers\//i, '');
  return resourceNotFound(resource, resourceGroup);
}

/**
 * The region in a body, normalised.
 *
 * @throws KilnError `LocationRequired`.
 */
export function locationIn(body: unknown): string {
  const location = isObject(body) ? body['location'] : undefined;
  if (typeof location !== 'string' || location.trim() === '') throw armError('LocationRequired', {});
  return regionName(location.replaceAll(' ', '').toLowerCase());
}

async function put(trx: StoreTransaction, type: StoredType, request: ArmRequest) {
  const { id, body } = request;
  const name = id.slice(id.lastIndexOf('/') + 1);
  if (!type.name.pattern.test(name))
    throw armError('InvalidResourceName', { name, type: type.type, rule: type.name.rule });
  const found = await findResource(trx, id);
  const parentKey = parentOf(type, id);
  if (found === undefined && parentKey !== undefined && (await findResource(trx, parentKey)) === undefined) {
    throw armError('ParentResourceNotFound', { method: 'PUT', type: type.type, parent: typeAndName(parentKey, id) });
  }
  const location = type.tracked
    ? locationIn(found === undefined ? body : { location: found.location, ...without(body) })
    : undefined;
  if (found?.location !== undefined && location !== undefined && found.location !== location) {
    throw armError('InvalidResourceLocation', { resource: name, found: found.location, wanted: location });
  }
  const prepared = await type.prepare(request, found, trx);
  refuseLarge(prepared.body);
  const stored = {
    ...(location === undefined ? {} : { location }),
    ...(type.tracked ? { tags: tagsIn(body) } : {}),
    body: prepared.body,
    internal: prepared.internal ?? found?.internal ?? {},
    provisioningState: prepared.provisioningState ?? 'Succeeded',
  };
  if (found !== undefined) {
    const changed = await updateResource(trx, found.key, stored);
    return { resource: changed ?? found, made: false };
  }
  await requireLivingGroup(trx, id);
  const resource = await insertResource(trx, {
    id,
    type: type.type,
    parentKey,
    location: undefined,
    tags: undefined,
    ...stored,
    createdBy: request.caller.objectId,
  });
  return { resource, made: true };
}

/** @throws KilnError `RequestContentTooLarge` for more than is stored of one resource. */
export function refuseLarge(body: Json, limit = LARGEST_RESOURCE): void {
  if (jsonBytes(body) > limit) throw armError('RequestContentTooLarge', { limit });
}

async function removeOne(trx: StoreTransaction, type: StoredType, id: string) {
  const found = await findResource(trx, id);
  if (found === undefined) return { found: false };
  await type.refuseDelete?.(trx, found);
  await removeResource(trx, found.key);
  return { found: true, after: (await type.removed?.(trx, found)) ?? undefined };
}

async function listIn(
  store: Store,
  type: StoredType,
  request: ArmRequest,
  show: (resource: StoredResource, request: ArmRequest) => Promise<Json>,
): Promise<ArmResponse> {
  const page = pageOf(request.url.searchParams);
  const { subscriptionId, resourceGroupName } = request.params;
  const parentKey = parentOf(type, `${request.id}/-`);
  const query = {
    type: type.type,
    ...(parentKey === undefined ? {} : { parentKey }),
    ...(resourceGroupName === undefined
      ? { subscription: subscriptionId ?? '' }
      : { resourceGroupKey: `/subscriptions/${subscriptionId}/resourcegroups/${resourceGroupName}` }),
    ...(page.after === undefined ? {} : { after: page.after }),
  };
  const { found, next } = await pageOfResources(store.db, query, page.size);
  const shown = new Map<StoredResource, Json>();
  let bytes = 0;
  for (const one of found) {
    // What is shown may be more than what is stored: a network has its subnets.
    if (bytes >= PAGE_BYTES) break;
    const resource = await show(one, request);
    bytes += jsonBytes(resource);
    shown.set(one, resource);
  }
  return {
    status: 200,
    body: pageBody(
      found,
      page,
      request.url,
      one => shown.get(one),
      one => one.key,
      next,
    ),
  };
}

/** Key of the resource above one of a nested type. */
function parentOf(type: StoredType, id: string): string | undefined {
  const depth = type.type.split('/').length - 1;
  return depth < 2 ? undefined : id.split('/').slice(0, -2).join('/').toLowerCase();
}

/** The parent of an id, in the id's spelling, without its scope. */
function typeAndName(parentKey: string, id: string): string {
  return id.slice(0, parentKey.length).replace(/^.*\/providers\//i, '');
}

function without(body: unknown): Json {
  if (!isObject(body)) return {};
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined && value !== null));
}
