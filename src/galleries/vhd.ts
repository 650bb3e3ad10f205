import { randomBytes } from 'node:crypto';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ownerName } from '../home/process-lock.ts';
import { syncDirectory, withIncoming } from '../store/blobs.ts';
import { recordRunOutput } from '../store/runs.ts';
import { accountRegion, nameOnItsWay, placeBlob, storageBlobPath, takeBack } from '../store/storage-blobs.ts';
import type { Store, StoreTransaction } from '../store/store.ts';
import { blobName, parseBlobUri } from './blob-uri.ts';
import { type DiskToPublish, diskColumns } from './published-disk.ts';

export interface VhdToPublish {
  /** A file of that name, different for every run, or a blob `https://<account>.blob.<suffix>/<container>/<path>`. */
  readonly to: { readonly file: string } | { readonly uri: string };
  /** Normalised region name. A storage account that lies in another region stays there. */
  readonly region: string;
  readonly disk: DiskToPublish;
  readonly tags: Readonly<Record<string, string>>;
  readonly runOutputName: string;
  readonly signal: AbortSignal;
  readonly onCopy?: (region: string, done: number, total: number) => void;
}

/** Where a VHD goes. The names are those of the database, before and after it is there. */
interface Place {
  readonly region: string;
  readonly onItsWay: string;
  readonly name: string;
  readonly path: string;
  /** As the template gave it. */
  readonly uri: string | null;
  /** Puts the finished file there; called under the store's write lock. What it resolves with undoes that, and `done` ends that. */
  put(incoming: string): Promise<{ undo(): Promise<void>; done(): Promise<void> }>;
}

/**
 * Publishes a VHD into a region and makes it known in one commit. An older blob of that name is there until the new one is
 * whole, and stays when that fails or is aborted; otherwise there is no file then.
 *
 * @throws KilnError `VhdUriInvalid`, `VhdUriBlocked`, `DiskChanged`; the signal's reason.
 */
export async function publishVhd(store: Store, request: VhdToPublish): Promise<{ path: string; uri: string }> {
  const { disk, signal, to } = request;
  // The row comes first and names its owner: were this process killed, the sweep finds by it what has to be undone.
  const place = await store.write(async trx => {
    const chosen =
      'uri' in to ? await blobPlace(store, trx, request.region, to.uri) : filePlace(store, request.region, to.file);
    await trx.insertInto('vhds').values(rowOf(request, chosen)).execute();
    return chosen;
  });
  const { region, onItsWay, name, path } = place;
  const uri = place.uri ?? pathToFileURL(path).href;
  let placed: Awaited<ReturnType<Place['put']>> | undefined;
  try {
    const onProgress = ({ done, total }: { done: number; total: number }) => request.onCopy?.(region, done, total);
    const options = { signal, onProgress, takeOver: disk.takeOver(region) };
    await withIncoming(store, region, disk, options, incoming =>
      store.write(async trx => {
        placed = await place.put(incoming);
        if (name !== onItsWay) await forget(trx, region, name);
        await trx
          .updateTable('vhds')
          .set({ name, status: 'Published', owner: '', published_at: new Date().toISOString() })
          .where('region', '=', region)
          .where('name', '=', onItsWay)
          .execute();
        await recordRunOutput(trx, {
          runId: disk.runId,
          name: request.runOutputName,
          type: 'VHD',
          artifactUri: uri,
          path,
          digest: disk.digest,
          sizeBytes: disk.sizeBytes,
        });
      }),
    );
  } catch (error) {
    await store.write(async trx => {
      await placed?.undo();
      await forget(trx, region, onItsWay);
    });
    throw error;
  }
  await placed?.done();
  return { path, uri };
}

/** Among the VHDs of the region. */
function filePlace(store: Store, region: string, file: string): Place {
  const directory = store.region(region).vhds;
  const path = join(directory, file);
  return {
    ...{ region, onItsWay: file, name: file, path, uri: null },
    put: async incoming => {
      await mkdir(directory, { recursive: true, mode: 0o755 });
      await rename(incoming, path);
      await syncDirectory(directory);
      return { undo: () => rm(path, { force: true }), done: async () => undefined };
    },
  };
}

/** In a storage account. Where a new one lies is decided by the row that comes first, so only one region ever has it. */
async function blobPlace(store: Store, trx: StoreTransaction, wanted: string, uri: string): Promise<Place> {
  const blob = parseBlobUri(uri);
  const region = (await accountRegion(store, trx, blob.account)) ?? wanted;
  const name = blobName(blob);
  const token = randomBytes(6).toString('hex');
  return {
    ...{ region, onItsWay: nameOnItsWay(name, token), name, path: storageBlobPath(store, region, name), uri },
    put: async incoming => {
      const note = await placeBlob(store, { region, name, uri }, incoming, token);
      return { undo: () => takeBack(store, region, name, note), done: () => rm(note, { force: true }) };
    },
  };
}

function rowOf({ disk, tags, runOutputName }: VhdToPublish, { region, onItsWay, uri }: Place) {
  return {
    ...diskColumns(disk, tags),
    region,
    name: onItsWay,
    uri,
    run_output_name: runOutputName,
    status: 'Publishing',
    owner: ownerName(),
    os: disk.os,
    generation: disk.generation,
  } as const;
}

async function forget(trx: StoreTransaction, region: string, name: string): Promise<void> {
  await trx.deleteFrom('vhds').where('region', '=', region).where('name', '=', name).execute();
}
