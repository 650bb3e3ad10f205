import { pageBody, pageOf } from '../../arm/paging.ts';
import { armError } from '../../errors/arm.ts';
import { galleryResource } from '../../galleries/arm-resource.ts';
import { declareGallery } from '../../galleries/declare.ts';
import { galleryBody } from '../../galleries/declared-body.ts';
import { removeEmptyGallery } from '../../galleries/remove-empty.ts';
import type { GalleryRow } from '../../store/database.ts';
import type { Store, StoreTransaction } from '../../store/store.ts';
import { checkedBody, refuseProperties } from '../checked-body.ts';
import type { ArmOperation, ArmRequest, ArmResponse } from '../provider.ts';
import { isObject, objectIn, tagsIn } from '../request-body.ts';
import type { ProviderServices } from '../services.ts';
import { locationIn, notFound } from '../stored-type.ts';
import { galleryIdIn } from './ids.ts';
import { forgetExtensions } from './in-use.ts';
import { GALLERIES, GALLERIES_OF_SUBSCRIPTION, GALLERY, GALLERY_TYPE } from './places.ts';
import { requireRegions } from './regions.ts';
import { rowsOfScope } from './scope.ts';

const NAME = /^[A-Za-z0-9](?:[\w.]{0,78}[A-Za-z0-9])?$/;
const NAME_RULE = 'it has up to 80 letters, digits, `_` and `.`, and begins and ends with a letter or digit';

/** What galleries of Azure have and Kiln's do not. */
const REFUSED = {
  softDeletePolicy: 'what is deleted here is gone; leave it out',
  sharingProfile: 'galleries are not shared beyond their subscription yet; leave it out',
};

export function galleryOperations(services: ProviderServices): readonly ArmOperation[] {
  const { store } = services;
  const read = `${GALLERY_TYPE}/read`;
  const write = `${GALLERY_TYPE}/write`;
  return [
    { method: 'GET', path: GALLERY, action: read, handle: request => getGallery(store, request) },
    { method: 'GET', path: GALLERIES, action: read, handle: request => listGalleries(store, request) },
    { method: 'GET', path: GALLERIES_OF_SUBSCRIPTION, action: read, handle: request => listGalleries(store, request) },
    { method: 'PUT', path: GALLERY, action: write, handle: request => putGallery(services, request) },
    { method: 'PATCH', path: GALLERY, action: write, handle: request => patchGallery(services, request) },
    {
      method: 'DELETE',
      path: GALLERY,
      action: `${GALLERY_TYPE}/delete`,
      handle: request => deleteGallery(store, request),
    },
  ];
}

async function getGallery(store: Store, request: ArmRequest): Promise<ArmResponse> {
  return { status: 200, body: galleryResource(await requireGallery(store.db, request.id)) };
}

async function listGalleries({ db }: Store, request: ArmRequest): Promise<ArmResponse> {
  const page = pageOf(request.url.searchParams);
  let query = db.selectFrom('galleries').selectAll().where(rowsOfScope(request.params));
  if (page.after !== undefined) query = query.where('key', '>', page.after);
  const rows = await query
    .orderBy('key')
    .limit(page.size + 1)
    .execute();
  return {
    status: 200,
    body: pageBody(
      rows,
      page,
      request.url,
      row => galleryResource(row),
      row => row.key,
    ),
  };
}

async function putGallery(services: ProviderServices, request: ArmRequest): Promise<ArmResponse> {
  const { store } = services;
  const { body, id } = request;
  const name = id.slice(id.lastIndexOf('/') + 1);
  const found = await findGallery(store.db, id);
  if (found === undefined && !NAME.test(name)) {
    throw armError('InvalidResourceName', { name, type: GALLERY_TYPE, rule: NAME_RULE });
  }
  const location = locationIn(body);
  await requireRegions(services, [location], GALLERY_TYPE);
  refuseOtherPlace(found, location);
  await declare(services, request, { ...(isObject(body) ? body : {}), location, tags: tagsIn(body) });
  return { status: found === undefined ? 201 : 200, body: galleryResource(await requireGallery(store.db, id)) };
}

async function patchGallery(services: ProviderServices, request: ArmRequest): Promise<ArmResponse> {
  const { body } = request;
  const found = await requireGallery(services.store.db, request.id);
  await declare(services, request, {
    location: found.location,
    tags: isObject(body) && body['tags'] !== undefined ? tagsIn(body) : JSON.parse(found.tags),
    properties: { description: found.description ?? undefined, ...objectIn(body, 'properties') },
  });
  return { status: 200, body: galleryResource(await requireGallery(services.store.db, request.id)) };
}

async function declare({ store }: ProviderServices, request: ArmRequest, body: object): Promise<void> {
  refuseProperties(objectIn(body, 'properties'), REFUSED);
  const declared = checkedBody(galleryBody, { ...body, properties: objectIn(body, 'properties') });
  await declareGallery(store, { id: galleryIdIn(request), ...declared }, { strict: true, emit: () => undefined });
}

function deleteGallery(store: Store, request: ArmRequest): Promise<ArmResponse> {
  return store.write(async trx => {
    const found = await findGallery(trx, request.id);
    if (found === undefined) return { status: 204 };
    await removeEmptyGallery(trx, found.key);
    await forgetExtensions(trx, found.key);
    return { status: 200 };
  });
}

/** @throws KilnError `InvalidResourceLocation`. */
export function refuseOtherPlace(
  found: { readonly id: string; readonly location: string } | undefined,
  wanted: string,
): void {
  if (found === undefined || found.location === wanted) return;
  const resource = found.id.slice(found.id.lastIndexOf('/') + 1);
  throw armError('InvalidResourceLocation', { resource, found: found.location, wanted });
}

export function findGallery(db: Pick<StoreTransaction, 'selectFrom'>, id: string): Promise<GalleryRow | undefined> {
  return db.selectFrom('galleries').selectAll().where('key', '=', id.toLowerCase()).executeTakeFirst();
}

/** @throws KilnError `ResourceNotFound`. */
export async function requireGallery(db: Pick<StoreTransaction, 'selectFrom'>, id: string): Promise<GalleryRow> {
  const found = await findGallery(db, id);
  if (found === undefined) throw notFound(id);
  return found;
}
