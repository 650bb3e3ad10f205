import { storeError } from '../errors/store.ts';
import type { ManagedImageRow } from '../store/database.ts';
import { collectGarbage } from '../store/garbage.ts';
import { releasePins, workHolder } from '../store/pins.ts';
import { recordRunOutput } from '../store/runs.ts';
import type { Store, StoreTransaction } from '../store/store.ts';
import { dataDiskColumns } from './data-disks.ts';
import { type EnsureOptions, ensureResourceGroup } from './ensure.ts';
import { diskColumns, type ImageToPublish } from './published-disk.ts';
import { planColumn } from './purchase-plan.ts';
import { putImage } from './put-image.ts';
import { keyOf, type ManagedImageId, managedImageId } from './resource-id.ts';

export interface ManagedImageToPublish extends Omit<EnsureOptions, 'location'> {
  readonly id: ManagedImageId;
  /** Normalised region name. */
  readonly location: string;
  readonly disk: () => Promise<ImageToPublish>;
  readonly tags: Readonly<Record<string, string>>;
  /** Name of the output of the run that publishes; absent when no run does. */
  readonly runOutputName?: string | undefined;
  readonly signal: AbortSignal;
  readonly onCopy?: (region: string, done: number, total: number) => void;
}

export interface PublishedManagedImage {
  readonly id: string;
  readonly path: string;
  readonly digest: string;
  readonly sizeBytes: number;
}

/**
 * Publishes a managed image. One of the same name is replaced in the same commit; its disks are collected when nothing
 * else refers to them.
 *
 * @throws KilnError `ResourceGroupMissing` with `strict`, `ManagedImageElsewhere`, `DiskChanged`; the signal's reason.
 */
export async function publishManagedImage(
  store: Store,
  request: ManagedImageToPublish,
): Promise<PublishedManagedImage> {
  const { signal, location } = request;
  const wantedId = managedImageId(request.id);
  await store.write(async trx => {
    refuseElsewhere(await findManagedImage(trx, request.id), location);
    await ensureResourceGroup(trx, request.id, request);
  });
  const disk = await request.disk();
  const holder = workHolder();
  try {
    const path = await putImage(store, location, disk, { signal, holder, onCopy: request.onCopy });
    signal.throwIfAborted();
    const { id, replaced } = await store.write(async trx => {
      const found = await findManagedImage(trx, request.id);
      refuseElsewhere(found, location);
      // Copying took its time: the group may be gone.
      const groupKey = await ensureResourceGroup(trx, request.id, request);
      const row: ManagedImageRow = {
        ...diskColumns(disk, request.tags),
        key: keyOf(wantedId),
        id: found?.id ?? wantedId,
        resource_group_key: groupKey,
        location,
        os: disk.os,
        generation: disk.generation,
        purchase_plan: planColumn(disk.plan),
      };
      await trx.deleteFrom('managed_images').where('key', '=', row.key).execute();
      await trx.insertInto('managed_images').values(row).execute();
      const dataDisks = dataDiskColumns(disk.dataDisks, { image_key: row.key });
      if (dataDisks.length > 0) await trx.insertInto('managed_image_data_disks').values(dataDisks).execute();
      if (request.runOutputName !== undefined)
        await recordRunOutput(trx, {
          runId: disk.runId,
          name: request.runOutputName,
          type: 'ManagedImage',
          artifactId: row.id,
          path,
          digest: disk.digest,
          sizeBytes: disk.sizeBytes,
        });
      return { id: row.id, replaced: found !== undefined };
    });
    // The image is published: what cannot be removed now the next sweep removes.
    if (replaced) await collectGarbage(store).catch(() => undefined);
    return { id, path, digest: disk.digest, sizeBytes: disk.sizeBytes };
  } finally {
    await releasePins(store, holder);
  }
}

export function findManagedImage(
  db: Pick<StoreTransaction, 'selectFrom'>,
  id: ManagedImageId,
): Promise<ManagedImageRow | undefined> {
  return db
    .selectFrom('managed_images')
    .selectAll()
    .where('key', '=', keyOf(managedImageId(id)))
    .executeTakeFirst();
}

/** @throws KilnError `ManagedImageElsewhere`. */
export function refuseElsewhere(found: ManagedImageRow | undefined, location: string): void {
  if (found === undefined || found.location === location) return;
  throw storeError('ManagedImageElsewhere', { id: found.id, found: found.location, wanted: location });
}
