import { realpath } from 'node:fs/promises';
import { blobPath } from './blob-path.ts';
import { type BlobName, isHeld } from './pins.ts';
import type { Store, StoreTransaction } from './store.ts';

/** Real paths of the blobs that an image, a version or a pin of a live holder refers to. Pins of dead holders are dropped. */
export async function wantedPaths(store: Store, trx: StoreTransaction): Promise<ReadonlySet<string>> {
  const wanted = new Set<string>();
  for (const { region, digest } of await wantedBlobs(trx)) wanted.add(await realPath(blobPath(store, region, digest)));
  return wanted;
}

async function wantedBlobs(trx: StoreTransaction): Promise<readonly BlobName[]> {
  const replicas = await trx.selectFrom('gallery_version_regions').select(['region', 'digest', 'held_in']).execute();
  const copies = replicas.map(({ region, digest, held_in }) => ({ region: held_in ?? region, digest }));
  const images = await trx.selectFrom('managed_images').select(['location as region', 'digest']).execute();
  const dataDisks = await wantedDataDisks(trx);
  const pins = await trx.selectFrom('blob_pins').selectAll().execute();
  for (const pin of pins.filter(pin => !isHeld(pin.holder))) {
    await trx.deleteFrom('blob_pins').where('holder', '=', pin.holder).execute();
  }
  const held = pins.filter(pin => isHeld(pin.holder));
  return [...copies, ...images, ...dataDisks, ...held];
}

/** They lie where the disks with the operating system do. */
async function wantedDataDisks(trx: StoreTransaction): Promise<readonly BlobName[]> {
  const ofVersions = await trx
    .selectFrom('gallery_version_data_disks as disk')
    .innerJoin('gallery_version_regions as copy', 'copy.version_key', 'disk.version_key')
    .select(['copy.region', 'copy.held_in', 'disk.digest'])
    .execute();
  const ofImages = await trx
    .selectFrom('managed_image_data_disks as disk')
    .innerJoin('managed_images as image', 'image.key', 'disk.image_key')
    .select(['image.location as region', 'disk.digest'])
    .execute();
  return [...ofVersions.map(({ region, held_in, digest }) => ({ region: held_in ?? region, digest })), ...ofImages];
}

/** The path itself where there is no such file. */
export async function realPath(path: string): Promise<string> {
  return realpath(path).catch(() => path);
}
