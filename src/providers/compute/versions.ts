import { pageBody, pageOf } from '../../arm/paging.ts';
import type { ArmResource, ShownAs } from '../../galleries/arm-resource.ts';
import { keyOf } from '../../galleries/resource-id.ts';
import { beginOperation } from '../../store/operations.ts';
import type { ArmOperation, ArmRequest, ArmResponse } from '../provider.ts';
import type { ProviderServices } from '../services.ts';
import { notFound } from '../stored-type.ts';
import type { CopyProgress } from './copy-progress.ts';
import { requireDefinition } from './definitions.ts';
import { versionIdIn } from './ids.ts';
import { refuseInUse } from './in-use.ts';
import { operationHeaders, pendingOn, refusePending } from './long-running.ts';
import { DELETE_VERSION, VERSION, VERSION_TYPE, VERSIONS, WRITE_VERSION } from './places.ts';
import { publishedVersion, versionKey } from './published-version.ts';
import { showVersions, versionBeingMade, versionMeanwhile } from './show-version.ts';
import { patchVersion, putVersion } from './write-version.ts';

export function versionOperations(services: ProviderServices, progress: CopyProgress): readonly ArmOperation[] {
  const read = `${VERSION_TYPE}/read`;
  const write = `${VERSION_TYPE}/write`;
  const remove = `${VERSION_TYPE}/delete`;
  const show = (request: ArmRequest) => shownVersion(services, request, progress);
  return [
    {
      method: 'GET',
      path: VERSION,
      action: read,
      handle: async request => ({ status: 200, body: await show(request) }),
    },
    { method: 'GET', path: VERSIONS, action: read, handle: request => listVersions(services, request) },
    {
      method: 'PUT',
      path: VERSION,
      action: write,
      handle: async request => ({ ...(await putVersion(services, request)), body: await show(request) }),
    },
    {
      method: 'PATCH',
      path: VERSION,
      action: write,
      handle: async request => ({ ...(await patchVersion(services, request)), body: await show(request) }),
    },
    { method: 'DELETE', path: VERSION, action: remove, handle: request => deleteVersion(services, request) },
  ];
}

async function shownVersion(
  { store }: ProviderServices,
  request: ArmRequest,
  progress: CopyProgress,
): Promise<ArmResource> {
  const key = versionKey(request);
  const shown = shownAs(request);
  const pending = await pendingOn(store.db, key);
  const version = await publishedVersion(store.db, request);
  if (version === undefined) {
    if (pending?.kind === WRITE_VERSION) return versionBeingMade(pending, shown, progress);
    throw notFound(request.id);
  }
  const definition = await requireDefinition(store.db, request);
  const [resource] = await showVersions(store.db, definition, [version], shown);
  if (resource === undefined) throw notFound(request.id);
  return pending === undefined ? resource : versionMeanwhile(resource, pending, shown, progress);
}

async function listVersions({ store }: ProviderServices, request: ArmRequest): Promise<ArmResponse> {
  const { db } = store;
  const definition = await requireDefinition(db, request);
  const page = pageOf(request.url.searchParams);
  let query = db
    .selectFrom('gallery_versions')
    .selectAll()
    .where('definition_key', '=', definition.key)
    .where('status', '=', 'Published');
  if (page.after !== undefined) query = query.where('key', '>', page.after);
  const rows = await query
    .orderBy('key')
    .limit(page.size + 1)
    .execute();
  const shown = await showVersions(db, definition, rows, shownAs(request));
  return {
    status: 200,
    body: pageBody(
      shown,
      page,
      request.url,
      one => one,
      ({ id }) => keyOf(id),
    ),
  };
}

function deleteVersion({ store, startOperation }: ProviderServices, request: ArmRequest): Promise<ArmResponse> {
  return store
    .write(async trx => {
      const found = await publishedVersion(trx, request);
      const pending = await pendingOn(trx, versionKey(request));
      if (pending?.kind === DELETE_VERSION) return { id: pending.id, location: pending.location };
      await refusePending(trx, versionKey(request), `${VERSION_TYPE}/delete`);
      if (found === undefined) return undefined;
      await refuseInUse(trx, found);
      const { location } = await requireDefinition(trx, request);
      const id = await beginOperation(trx, {
        kind: DELETE_VERSION,
        targetKey: found.key,
        subscription: request.params['subscriptionId'] ?? '',
        location,
        input: { ...versionIdIn(request), version: found.name },
        correlationId: request.correlationId,
      });
      return { id, location };
    })
    .then(begun => {
      if (begun === undefined) return { status: 204 };
      startOperation(begun.id);
      return { status: 202, headers: operationHeaders(request, begun.location, begun.id) };
    });
}

function shownAs({ apiVersion, url }: ArmRequest): ShownAs {
  const expand = url.searchParams.get('$expand')?.toLowerCase().includes('replicationstatus');
  return { apiVersion, ...(expand ? { expand: 'ReplicationStatus' } : {}) };
}
