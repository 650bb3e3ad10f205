import { pageBody, pageOf } from '../../arm/paging.ts';
import { armError } from '../../errors/arm.ts';
import { definitionResource } from '../../galleries/arm-resource.ts';
import { declareDefinition } from '../../galleries/declare.ts';
import { definitionBody } from '../../galleries/declared-body.ts';
import { identifierOf } from '../../galleries/definition-details.ts';
import { findDefinition } from '../../galleries/ensure.ts';
import { removeEmptyDefinition } from '../../galleries/remove-empty.ts';
import { definitionId, galleryId, keyOf } from '../../galleries/resource-id.ts';
import type { ImageDefinitionRow } from '../../store/database.ts';
import type { Store, StoreTransaction } from '../../store/store.ts';
import { checkedBody, refuseProperties } from '../checked-body.ts';
import type { ArmOperation, ArmRequest, ArmResponse } from '../provider.ts';
import { isObject, objectIn, tagsIn } from '../request-body.ts';
import type { ProviderServices } from '../services.ts';
import { locationIn, notFound } from '../stored-type.ts';
import { findGallery, refuseOtherPlace, requireGallery } from './galleries.ts';
import { definitionIdIn, galleryIdIn } from './ids.ts';
import { forgetExtensions, refuseInUse } from './in-use.ts';
import { DEFINITION, DEFINITION_TYPE, DEFINITIONS } from './places.ts';
import { requireRegions } from './regions.ts';

const NAME = /^[A-Za-z0-9](?:[\w.-]{0,78}[A-Za-z0-9])?$/;
const NAME_RULE = 'it has up to 80 letters, digits, `_`, `-` and `.`, and begins and ends with a letter or digit';

export function definitionOperations(services: ProviderServices): readonly ArmOperation[] {
  const { store } = services;
  const read = `${DEFINITION_TYPE}/read`;
  const write = `${DEFINITION_TYPE}/write`;
  const remove = `${DEFINITION_TYPE}/delete`;
  return [
    { method: 'GET', path: DEFINITION, action: read, handle: request => getDefinition(store, request) },
    { method: 'GET', path: DEFINITIONS, action: read, handle: request => listDefinitions(store, request) },
    { method: 'PUT', path: DEFINITION, action: write, handle: request => putDefinition(services, request) },
    { method: 'PATCH', path: DEFINITION, action: write, handle: request => patchDefinition(services, request) },
    { method: 'DELETE', path: DEFINITION, action: remove, handle: request => deleteDefinition(store, request) },
  ];
}

async function getDefinition(store: Store, request: ArmRequest): Promise<ArmResponse> {
  return { status: 200, body: await shown(store, request) };
}

async function shown({ db }: Store, request: ArmRequest) {
  return definitionResource(await requireDefinition(db, request), { apiVersion: request.apiVersion });
}

async function listDefinitions({ db }: Store, request: ArmRequest): Promise<ArmResponse> {
  const gallery = await requireGallery(db, galleryId(galleryIdIn(request)));
  const page = pageOf(request.url.searchParams);
  let query = db.selectFrom('image_definitions').selectAll().where('gallery_key', '=', gallery.key);
  if (page.after !== undefined) query = query.where('key', '>', page.after);
  const rows = await query
    .orderBy('key')
    .limit(page.size + 1)
    .execute();
  const { apiVersion } = request;
  const show = (row: ImageDefinitionRow) => definitionResource(row, { apiVersion });
  return { status: 200, body: pageBody(rows, page, request.url, show, row => row.key) };
}

async function putDefinition(services: ProviderServices, request: ArmRequest): Promise<ArmResponse> {
  const { store } = services;
  const { id: path, body } = request;
  const id = definitionIdIn(request);
  const parent = galleryId(id);
  if ((await findGallery(store.db, parent)) === undefined) {
    const [, gallery = ''] = parent.split('/providers/');
    throw armError('ParentResourceNotFound', { method: 'PUT', type: DEFINITION_TYPE, parent: gallery });
  }
  const found = await findDefinition(store.db, id);
  const name = path.slice(path.lastIndexOf('/') + 1);
  if (found === undefined && !NAME.test(name)) {
    throw armError('InvalidResourceName', { name, type: DEFINITION_TYPE, rule: NAME_RULE });
  }
  const location = locationIn(body);
  await requireRegions(services, [location], DEFINITION_TYPE);
  refuseOtherPlace(found, location);
  await declare(store, request, { ...(isObject(body) ? body : {}), location, tags: tagsIn(body) });
  return { status: found === undefined ? 201 : 200, body: await shown(store, request) };
}

/** Members of `properties` that are given take the place of those that there are. */
async function patchDefinition({ store }: ProviderServices, request: ArmRequest): Promise<ArmResponse> {
  const { body } = request;
  const found = await requireDefinition(store.db, request);
  const current = definitionResource(found);
  await declare(store, request, {
    location: found.location,
    tags: isObject(body) && body['tags'] !== undefined ? tagsIn(body) : current.tags,
    properties: { ...current.properties, ...objectIn(body, 'properties') },
  });
  return { status: 200, body: await shown(store, request) };
}

async function declare(store: Store, request: ArmRequest, body: object): Promise<void> {
  const id = definitionIdIn(request);
  const properties = withoutNull(objectIn(body, 'properties'));
  const declared = checkedBody(definitionBody, { ...body, properties });
  refuseProperties(properties, { allowUpdateImage: 'images never change; leave it out' });
  const wanted = identifierText(declared.identifier);
  const others = await store.db
    .selectFrom('image_definitions')
    .selectAll()
    .where('gallery_key', '=', keyOf(galleryId(id)))
    .where('key', '<>', keyOf(definitionId(id)))
    .execute();
  const twin = others.find(other => identifierText(identifierOf(other)) === wanted);
  if (twin !== undefined) {
    throw armError('Conflict', {
      message: `The gallery image definition ${twin.id} has the same publisher, offer and sku.`,
      todo: 'Within a gallery these three together are unique.',
    });
  }
  await declareDefinition(store, { id, ...declared }, { strict: true, emit: () => undefined });
}

function deleteDefinition(store: Store, request: ArmRequest): Promise<ArmResponse> {
  return store.write(async trx => {
    const found = await findDefinition(trx, definitionIdIn(request));
    if (found === undefined) return { status: 204 };
    await refuseInUse(trx, found);
    await removeEmptyDefinition(trx, found.key);
    await forgetExtensions(trx, found.key);
    return { status: 200 };
  });
}

/** @throws KilnError `ResourceNotFound`. */
export async function requireDefinition(
  db: Pick<StoreTransaction, 'selectFrom'>,
  request: ArmRequest,
): Promise<ImageDefinitionRow> {
  const id = definitionIdIn(request);
  const found = await findDefinition(db, id);
  if (found === undefined) throw notFound(definitionId(id));
  return found;
}

function identifierText({ publisher, offer, sku }: ReturnType<typeof identifierOf>): string {
  return [publisher, offer, sku].join('/').toLowerCase();
}

/** Clients send members back as `null` that they do not know. */
function withoutNull(properties: object): object {
  return Object.fromEntries(Object.entries(properties).filter(([, value]) => value !== null));
}
