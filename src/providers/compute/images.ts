import { pageBody, pageOf } from '../../arm/paging.ts';
import { armError } from '../../errors/arm.ts';
import { type ArmResource, managedImageResource, type ShownAs } from '../../galleries/arm-resource.ts';
import { keyOf, managedImageId, typeAndName } from '../../galleries/resource-id.ts';
import type { ManagedImageRow } from '../../store/database.ts';
import { collectGarbage } from '../../store/garbage.ts';
import type { OperationRecord } from '../../store/operations.ts';
import type { Store, StoreTransaction } from '../../store/store.ts';
import type { ArmOperation, ArmRequest, ArmResponse } from '../provider.ts';
import { isObject, tagsIn } from '../request-body.ts';
import type { ProviderServices } from '../services.ts';
import { notFound } from '../stored-type.ts';
import type { ImageToWrite } from './image-works.ts';
import { forgetExtensions, refuseInUse } from './in-use.ts';
import { pendingOn, refusePending, stateDuring } from './long-running.ts';
import { IMAGE, IMAGE_TYPE, IMAGES, IMAGES_OF_SUBSCRIPTION } from './places.ts';
import { rowsOfScope } from './scope.ts';
import { putImage } from './write-image.ts';

export function imageOperations(services: ProviderServices): readonly ArmOperation[] {
  const { store } = services;
  const read = `${IMAGE_TYPE}/read`;
  const write = `${IMAGE_TYPE}/write`;
  const list = (request: ArmRequest) => listImages(store, request);
  return [
    {
      method: 'GET',
      path: IMAGE,
      action: read,
      handle: async request => ({ status: 200, body: await shown(store, request) }),
    },
    { method: 'GET', path: IMAGES, action: read, handle: list },
    { method: 'GET', path: IMAGES_OF_SUBSCRIPTION, action: read, handle: list },
    {
      method: 'PUT',
      path: IMAGE,
      action: write,
      handle: async request => ({ ...(await putImage(services, request)), body: await shown(store, request) }),
    },
    { method: 'PATCH', path: IMAGE, action: write, handle: request => patchImage(store, request) },
    { method: 'DELETE', path: IMAGE, action: `${IMAGE_TYPE}/delete`, handle: request => deleteImage(store, request) },
  ];
}

async function shown({ db }: Store, request: ArmRequest): Promise<ArmResource> {
  const { id, apiVersion } = request;
  const row = await findImage(db, id);
  const pending = await pendingOn(db, keyOf(id));
  if (row === undefined) {
    if (pending === undefined) throw notFound(id);
    return imageBeingMade(pending);
  }
  const [resource] = await showImages(db, [row], { apiVersion });
  if (resource === undefined) throw notFound(id);
  return resource;
}

function imageBeingMade(operation: OperationRecord): ArmResource {
  const { id: parts, location, tags, os, generation, uri } = operation.input as ImageToWrite;
  const id = managedImageId(parts);
  const properties = {
    storageProfile: { osDisk: { osType: os, osState: 'Generalized', blobUri: uri }, dataDisks: [] },
    hyperVGeneration: generation,
    provisioningState: stateDuring(operation),
  };
  return { id, name: typeAndName(id).split('/').at(-1) ?? '', type: IMAGE_TYPE, location, tags, properties };
}

async function listImages({ db }: Store, request: ArmRequest): Promise<ArmResponse> {
  const page = pageOf(request.url.searchParams);
  let query = db.selectFrom('managed_images').selectAll().where(rowsOfScope(request.params));
  if (page.after !== undefined) query = query.where('key', '>', page.after);
  const rows = await query
    .orderBy('key')
    .limit(page.size + 1)
    .execute();
  const resources = await showImages(db, rows, { apiVersion: request.apiVersion });
  return {
    status: 200,
    body: pageBody(
      resources,
      page,
      request.url,
      one => one,
      ({ id }) => keyOf(id),
    ),
  };
}

async function showImages(
  db: Pick<StoreTransaction, 'selectFrom'>,
  rows: readonly ManagedImageRow[],
  shownAs: ShownAs,
): Promise<readonly ArmResource[]> {
  if (rows.length === 0) return [];
  const disks = await db
    .selectFrom('managed_image_data_disks')
    .selectAll()
    .where(
      'image_key',
      'in',
      rows.map(({ key }) => key),
    )
    .orderBy('lun')
    .execute();
  return rows.map(row =>
    managedImageResource(
      row,
      disks.filter(disk => disk.image_key === row.key),
      shownAs,
    ),
  );
}

/** Tags are all that changes of an image. */
async function patchImage(store: Store, request: ArmRequest): Promise<ArmResponse> {
  const { body, id } = request;
  const given = isObject(body) ? body : {};
  const other = Object.keys(given).find(name => name !== 'tags' && given[name] != null);
  if (other !== undefined)
    throw armError('InvalidParameter', { name: other, reason: 'only tags of an image can be changed' });
  await store.write(async trx => {
    if ((await findImage(trx, id)) === undefined) throw notFound(id);
    if (given['tags'] === undefined) return;
    await trx
      .updateTable('managed_images')
      .set({ tags: JSON.stringify(tagsIn(body)) })
      .where('key', '=', keyOf(id))
      .execute();
  });
  return { status: 200, body: await shown(store, request) };
}

async function deleteImage(store: Store, request: ArmRequest): Promise<ArmResponse> {
  const removed = await store.write(async trx => {
    await refusePending(trx, keyOf(request.id), `${IMAGE_TYPE}/delete`);
    const row = await findImage(trx, request.id);
    if (row === undefined) return false;
    await refuseInUse(trx, row);
    await forgetExtensions(trx, row.key);
    await trx.deleteFrom('managed_images').where('key', '=', row.key).execute();
    return true;
  });
  if (!removed) return { status: 204 };
  await collectGarbage(store);
  return { status: 200 };
}

export function findImage(db: Pick<StoreTransaction, 'selectFrom'>, id: string): Promise<ManagedImageRow | undefined> {
  return db.selectFrom('managed_images').selectAll().where('key', '=', keyOf(id)).executeTakeFirst();
}
