import { readdir, realpath, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isAlive, ownerIn } from '../home/process-lock.ts';
import { blobPath } from './blobs.ts';
import { type BlobName, isHeld } from './pins.ts';
import { takeBackAbandoned, vhdPath } from './storage-blobs.ts';
import type { Store, StoreTransaction } from './store.ts';

export interface Collected {
  /** Paths of files that were removed. */
  readonly removed: readonly string[];
}

/**
 * Removes what processes that ended without cleaning up have left: half-written files, reserved versions, VHDs that were
 * never published, pins. Then the blobs that nothing refers to. What a live process works on is not touched.
 */
export async function sweepStore(store: Store): Promise<Collected> {
  const removed: string[] = [];
  await store.write(async trx => {
    await dropReservations(trx);
    const stale = (await trx.selectFrom('vhds').selectAll().where('status', '=', 'Publishing').execute()).filter(
      row => !isAlive(row.owner),
    );
    for (const row of stale) {
      // A VHD that Kiln named is nobody else's; the blob of a URI may be an older one, which stays.
      if (row.uri === null) {
        await rm(vhdPath(store, row), { force: true });
        removed.push(vhdPath(store, row));
      } else await takeBackAbandoned(store, row);
      await trx.deleteFrom('vhds').where('region', '=', row.region).where('name', '=', row.name).execute();
    }
  });
  for (const region of await store.regions()) {
    const { incoming } = store.region(region);
    for (const name of await names(incoming)) {
      if (isAlive(ownerIn(name) ?? '')) continue;
      // A directory is a storage account that was being removed.
      await rm(join(incoming, name), { recursive: true, force: true });
      removed.push(join(incoming, name));
    }
  }
  return { removed: [...removed, ...(await collectGarbage(store)).removed] };
}

/** Removes the blobs of every region that no image, version or pin of a live holder refers to. */
export async function collectGarbage(store: Store): Promise<Collected> {
  const regions = await store.regions();
  return store.write(async trx => {
    // By real path: a site may map two regions to one directory.
    const wanted = new Set<string>();
    for (const { region, digest } of await wantedBlobs(trx))
      wanted.add(await realPath(blobPath(store, region, digest)));
    const removed: string[] = [];
    for (const region of regions) {
      const { blobs } = store.region(region);
      for (const name of await names(blobs)) {
        const path = join(blobs, name);
        if (wanted.has(await realPath(path))) continue;
        await rm(path, { force: true });
        removed.push(path);
      }
    }
    return { removed };
  });
}

/** Frees version numbers that were reserved by processes that are gone. */
export async function dropReservations(trx: StoreTransaction): Promise<void> {
  const reserved = await trx
    .selectFrom('gallery_versions')
    .select(['key', 'owner'])
    .where('status', '=', 'Reserved')
    .execute();
  for (const { key, owner } of reserved) {
    if (!isAlive(owner)) await trx.deleteFrom('gallery_versions').where('key', '=', key).execute();
  }
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
async function realPath(path: string): Promise<string> {
  return realpath(path).catch(() => path);
}

async function names(directory: string): Promise<readonly string[]> {
  return readdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
}
