import { z } from 'zod';
import { armError } from '../../errors/arm.ts';
import { storeError } from '../../errors/store.ts';
import { blobName } from '../../galleries/blob-uri.ts';
import { keyOf } from '../../galleries/resource-id.ts';
import type { ManagedImageRow } from '../../store/database.ts';
import { beginOperation } from '../../store/operations.ts';
import { accountRegion } from '../../store/storage-blobs.ts';
import { blobIn } from '../blob-address.ts';
import { checkedBody, refuseProperties } from '../checked-body.ts';
import type { ArmRequest, ArmResponse } from '../provider.ts';
import { objectIn, tagsIn } from '../request-body.ts';
import type { ProviderServices } from '../services.ts';
import { locationIn } from '../stored-type.ts';
import { refuseOtherPlace } from './galleries.ts';
import { imageIdIn } from './ids.ts';
import type { ImageToWrite } from './image-works.ts';
import { operationHeaders, refusePending } from './long-running.ts';
import { IMAGE_TYPE, WRITE_IMAGE } from './places.ts';
import { requireRegions } from './regions.ts';

const NAME = /^[A-Za-z0-9_](?:[\w.-]{0,78}[\w-])?$/;
const NAME_RULE = 'it has up to 80 letters, digits, `_`, `-` and `.`, and does not end with `.`';
const ONLY_VHDS = 'an image is made from a VHD in a storage account of this site (`blobUri`), or by an image template';
const OS_DISK = 'properties.storageProfile.osDisk';

const osDisk = z.object({
  osType: z.enum(['Linux', 'Windows']),
  osState: z.literal('Generalized', { error: 'images here are generalized' }),
  blobUri: z.string().min(1).nullish(),
});
const generationOf = z.enum(['V1', 'V2']).nullish();

/** Makes an image from a VHD of this site, or changes the tags of one that there is. The body of the answer is the caller's. */
export async function putImage(services: ProviderServices, request: ArmRequest): Promise<ArmResponse> {
  const { store, startOperation } = services;
  const { id, body } = request;
  const location = locationIn(body);
  const tags = tagsIn(body);
  const properties = objectIn(body, 'properties');
  refuseProperties(properties, { sourceVirtualMachine: ONLY_VHDS });
  const storage = objectIn(properties, 'storageProfile');
  refuseProperties(objectIn(storage, 'osDisk'), { managedDisk: ONLY_VHDS, snapshot: ONLY_VHDS }, OS_DISK);
  const disk = checkedBody(osDisk, storage['osDisk'], OS_DISK.split('.'));
  const found = await findImageRow(services, id);
  refuseOtherPlace(found, location);
  if (found !== undefined) {
    refuseOtherSource(found, disk.blobUri ?? undefined);
    await store.write(trx =>
      trx
        .updateTable('managed_images')
        .set({ tags: JSON.stringify(tags) })
        .where('key', '=', found.key)
        .execute(),
    );
    return { status: 200 };
  }
  const name = id.slice(id.lastIndexOf('/') + 1);
  if (!NAME.test(name)) throw armError('InvalidResourceName', { name, type: IMAGE_TYPE, rule: NAME_RULE });
  await requireRegions(services, [location], IMAGE_TYPE);
  const data = storage['dataDisks'];
  if (Array.isArray(data) && data.length > 0) {
    const reason = 'an image that is made from a VHD has no data disks here';
    throw armError('InvalidParameter', { name: 'properties.storageProfile.dataDisks', reason });
  }
  if (disk.blobUri == null) throw armError('InvalidParameter', { name: `${OS_DISK}.blobUri`, reason: ONLY_VHDS });
  const generation =
    checkedBody(generationOf, properties['hyperVGeneration'], ['properties', 'hyperVGeneration']) ?? 'V1';
  const vhd = await vhdAt(services, request, disk.blobUri, { os: disk.osType, generation });
  const input: ImageToWrite = {
    ...{ id: imageIdIn(request), location, tags, os: disk.osType, generation, uri: disk.blobUri },
    ...vhd,
  };
  const operation = await store.write(async trx => {
    await refusePending(trx, keyOf(id), `${IMAGE_TYPE}/write`);
    const { subscriptionId = '' } = request.params;
    const { correlationId } = request;
    const begun = {
      kind: WRITE_IMAGE,
      targetKey: keyOf(id),
      subscription: subscriptionId,
      location,
      input,
      correlationId,
    };
    return beginOperation(trx, begun);
  });
  startOperation(operation);
  return { status: 201, headers: operationHeaders(request, location, operation) };
}

function findImageRow({ store }: ProviderServices, id: string): Promise<ManagedImageRow | undefined> {
  return store.db.selectFrom('managed_images').selectAll().where('key', '=', keyOf(id)).executeTakeFirst();
}

function refuseOtherSource(found: ManagedImageRow, uri: string | undefined): void {
  if (uri === undefined || uri === found.source_name) return;
  const property = 'storageProfile.osDisk.blobUri';
  throw storeError('PropertyChangeNotAllowed', { id: found.id, property, found: found.source_name });
}

/** The VHD at an address of this site. */
async function vhdAt(
  { store }: ProviderServices,
  request: ArmRequest,
  uri: string,
  kind: { readonly os: string; readonly generation: string },
): Promise<{ readonly region: string; readonly blob: string }> {
  const fail = (reason: string) => armError('InvalidParameter', { name: `${OS_DISK}.blobUri`, reason });
  const address = blobIn(uri, request.baseUrl);
  if (typeof address === 'string') throw fail(address);
  const blob = blobName(address);
  const region = await accountRegion(store, store.db, address.account);
  const row = await store.db
    .selectFrom('vhds')
    .selectAll()
    .where('name', '=', blob)
    .where('status', '=', 'Published')
    .executeTakeFirst();
  if (region === undefined || row === undefined) throw fail(`there is no VHD at ${uri} at this site`);
  if (row.os !== kind.os || row.generation !== kind.generation) {
    throw fail(`the VHD there is ${row.os}, generation ${row.generation}`);
  }
  return { region, blob };
}
