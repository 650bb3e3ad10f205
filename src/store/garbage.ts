import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isAlive, ownerIn } from '../home/process-lock.ts';
import { isBlobFile } from './blob-path.ts';
import { ownsRegion } from './region-owner.ts';
import { takeBackAbandoned, vhdPath } from './storage-blobs.ts';
import type { Store, StoreTransaction } from './store.ts';
import { realPath, wantedPaths } from './wanted-blobs.ts';

export interface Collected {
  /** Paths of files that were removed. */
  readonly removed: readonly string[];
  /** Regions whose blobs are another store's, and were left alone. */
  readonly foreign: readonly string[];
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
  const garbage = await collectGarbage(store);
  return { ...garbage, removed: [...removed, ...garbage.removed] };
}

/**
 * Removes the blobs of every region that no image, version or pin of a live holder refers to. What is no blob by its name stays, and so
 * does all that lies in a region of another store. A file that cannot be removed now is left to the next time.
 */
export async function collectGarbage(store: Store): Promise<Collected> {
  const regions = await store.regions();
  return store.write(async trx => {
    // By real path: a site may map two regions to one directory.
    const wanted = await wantedPaths(store, trx);
    const removed: string[] = [];
    const foreign: string[] = [];
    for (const region of regions) {
      const { blobs } = store.region(region);
      const there = (await names(blobs)).filter(isBlobFile);
      if (there.length === 0) continue;
      if (!(await ownsRegion(store, trx, region, async () => wanted))) {
        foreign.push(region);
        continue;
      }
      for (const name of there) {
        const path = join(blobs, name);
        if (wanted.has(await realPath(path))) continue;
        const gone = await rm(path, { force: true }).then(
          () => true,
          () => false,
        );
        if (gone) removed.push(path);
      }
    }
    return { removed, foreign };
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

async function names(directory: string): Promise<readonly string[]> {
  return readdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
}
