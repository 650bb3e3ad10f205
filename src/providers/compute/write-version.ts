import { armError } from '../../errors/arm.ts';
import { storeError } from '../../errors/store.ts';
import { findDefinition, refuseOtherKind } from '../../galleries/ensure.ts';
import type { ReplicaTarget } from '../../galleries/gallery-version.ts';
import { definitionId, typeAndName } from '../../galleries/resource-id.ts';
import { parseVersion, renderVersion } from '../../galleries/version-number.ts';
import type { GalleryVersionRow, ImageDefinitionRow } from '../../store/database.ts';
import { beginOperation } from '../../store/operations.ts';
import { releasePins, workHolder } from '../../store/pins.ts';
import type { StoreTransaction } from '../../store/store.ts';
import type { ArmRequest, ArmResponse } from '../provider.ts';
import { isObject, tagsIn } from '../request-body.ts';
import type { ProviderServices } from '../services.ts';
import { locationIn, notFound } from '../stored-type.ts';
import { versionIdIn } from './ids.ts';
import { operationHeaders, refusePending } from './long-running.ts';
import { REPLICATE_VERSION, VERSION_TYPE, WRITE_VERSION } from './places.ts';
import { publishedVersion, versionKey } from './published-version.ts';
import { requireRegions } from './regions.ts';
import { type VersionWanted, versionWanted } from './version-body.ts';
import { versionSource } from './version-source.ts';
import type { VersionToReplicate, VersionToWrite } from './version-works.ts';

/** Makes a version, or changes what may change of one that there is. The body of the answer is the caller's. */
export async function putVersion(services: ProviderServices, request: ArmRequest): Promise<ArmResponse> {
  const { store } = services;
  const definition = await findDefinition(store.db, versionIdIn(request));
  if (definition === undefined) {
    const parent = typeAndName(definitionId(versionIdIn(request)));
    throw armError('ParentResourceNotFound', { method: 'PUT', type: VERSION_TYPE, parent });
  }
  const location = locationIn(request.body);
  if (location !== definition.location) {
    throw armError('InvalidParameter', {
      name: 'location',
      reason: `the image definition is in ${definition.location}`,
    });
  }
  const found = await publishedVersion(store.db, request);
  if (found !== undefined) return change(services, request, found, { tags: tagsIn(request.body) });
  return make(services, request, definition);
}

/** Changes what a request names of a version. The body of the answer is the caller's. */
export async function patchVersion(services: ProviderServices, request: ArmRequest): Promise<ArmResponse> {
  const found = await publishedVersion(services.store.db, request);
  if (found === undefined) throw notFound(request.id);
  const { body } = request;
  return change(services, request, found, isObject(body) && body['tags'] !== undefined ? { tags: tagsIn(body) } : {});
}

async function make(
  services: ProviderServices,
  request: ArmRequest,
  definition: ImageDefinitionRow,
): Promise<ArmResponse> {
  const { store, startOperation } = services;
  const { location } = definition;
  const wanted = versionWanted(request.body, { excludeFromLatest: false });
  const { excludeFromLatest = false, endOfLife, replicationMode = 'Full' } = wanted;
  const home: ReplicaTarget = { name: location, replicaCount: 1, storageAccountType: 'Standard_LRS' };
  const regions = wanted.regions ?? [home];
  await checkRegions(services, regions, location);
  if (wanted.source === undefined) {
    const reason = 'the id of a managed image or of another version is needed';
    throw armError('InvalidParameter', { name: 'properties.storageProfile.source.id', reason });
  }
  const asked = versionIdIn(request);
  const id = { ...asked, version: renderVersion(parseVersion(asked.version)) };
  const source = await exactSource(services, wanted.source, definition);
  const input: VersionToWrite = {
    ...{ id, source, location, regions, excludeFromLatest, replicationMode },
    fullId: `${definition.id}/versions/${id.version}`,
    tags: tagsIn(request.body),
    ...(endOfLife === undefined ? {} : { endOfLife }),
  };
  const key = versionKey(request);
  const begun = await store.write(async trx => {
    await refusePending(trx, key, `${VERSION_TYPE}/write`);
    if ((await publishedVersion(trx, request)) !== undefined) {
      throw storeError('GalleryVersionExists', { id: input.fullId, busy: false });
    }
    return begin(trx, request, { kind: WRITE_VERSION, key, location, input });
  });
  startOperation(begun);
  return { status: 201, headers: operationHeaders(request, location, begun) };
}

async function change(
  services: ProviderServices,
  request: ArmRequest,
  found: GalleryVersionRow,
  { tags }: { readonly tags?: Readonly<Record<string, string>> },
): Promise<ArmResponse> {
  const { store, startOperation } = services;
  const wanted = versionWanted(request.body, { excludeFromLatest: found.exclude_from_latest === 1 });
  refuseChange(found, wanted);
  const definition = await findDefinition(store.db, versionIdIn(request));
  const location = definition?.location ?? '';
  const current = await regionsOf(store.db, found.key);
  const moved = wanted.regions !== undefined && textOf(wanted.regions) !== textOf(current);
  if (wanted.regions !== undefined && moved) {
    await checkRegions(services, wanted.regions, current.some(({ name }) => name === location) ? location : undefined);
  }
  const begun = await store.write(async trx => {
    await refusePending(trx, found.key, `${VERSION_TYPE}/write`);
    const { excludeFromLatest, endOfLife } = wanted;
    const columns = {
      ...(tags === undefined ? {} : { tags: JSON.stringify(tags) }),
      ...(excludeFromLatest === undefined ? {} : { exclude_from_latest: excludeFromLatest ? 1 : 0 }),
      ...(endOfLife === undefined ? {} : { end_of_life: endOfLife }),
    };
    if (Object.keys(columns).length > 0) {
      await trx.updateTable('gallery_versions').set(columns).where('key', '=', found.key).execute();
    }
    if (wanted.regions === undefined || !moved) return undefined;
    const input: VersionToReplicate = { regions: wanted.regions };
    return begin(trx, request, { kind: REPLICATE_VERSION, key: found.key, location, input });
  });
  if (begun === undefined) return { status: 200 };
  startOperation(begun);
  return { status: 200, headers: operationHeaders(request, location, begun) };
}

function begin(
  trx: StoreTransaction,
  { params, correlationId }: ArmRequest,
  operation: { readonly kind: string; readonly key: string; readonly location: string; readonly input: unknown },
): Promise<string> {
  const { kind, key: targetKey, location, input } = operation;
  const subscription = params['subscriptionId'] ?? '';
  return beginOperation(trx, { kind, targetKey, subscription, location, input, correlationId });
}

/** The source's exact id, once it is known to fit the definition. */
async function exactSource({ store }: ProviderServices, id: string, definition: ImageDefinitionRow): Promise<string> {
  const holder = workHolder();
  try {
    const source = await versionSource(store, id, { holder, location: definition.location });
    refuseOtherKind(definition, source);
    return source.exactId;
  } finally {
    await releasePins(store, holder);
  }
}

/** What a version is made of never changes. */
function refuseChange(found: GalleryVersionRow, { source, replicationMode }: VersionWanted): void {
  const fail = (property: string, was: string) =>
    storeError('PropertyChangeNotAllowed', { id: found.id, property, found: was });
  if (source !== undefined && source.toLowerCase() !== found.source_name.toLowerCase()) {
    throw fail('storageProfile.source', found.source_name);
  }
  if (replicationMode !== undefined && replicationMode !== found.replication_mode) {
    throw fail('publishingProfile.replicationMode', found.replication_mode);
  }
}

async function checkRegions(
  services: ProviderServices,
  regions: readonly ReplicaTarget[],
  home: string | undefined,
): Promise<void> {
  const names = regions.map(({ name }) => name);
  await requireRegions(services, names, VERSION_TYPE);
  if (home === undefined || names.includes(home)) return;
  const reason = `${home}, the region of the image definition, has to be among them`;
  throw armError('InvalidParameter', { name: 'properties.publishingProfile.targetRegions', reason });
}

async function regionsOf(db: Pick<StoreTransaction, 'selectFrom'>, key: string): Promise<readonly ReplicaTarget[]> {
  const rows = await db
    .selectFrom('gallery_version_regions')
    .selectAll()
    .where('version_key', '=', key)
    .orderBy('position')
    .execute();
  return rows.map(row => {
    return { name: row.region, replicaCount: row.replica_count, storageAccountType: row.storage_account_type };
  });
}

function textOf(regions: readonly ReplicaTarget[]): string {
  return JSON.stringify(
    regions.map(({ name, replicaCount, storageAccountType }) => [name, replicaCount, storageAccountType]),
  );
}
