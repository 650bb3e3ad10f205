import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { withIncoming } from '../store/blobs.ts';
import { recordRunOutput } from '../store/runs.ts';
import { accountRegion, nameOnItsWay, placeBlob, storageBlobPath, takeBack } from '../store/storage-blobs.ts';
import type { Store } from '../store/store.ts';
import { blobName, parseBlobUri } from './blob-uri.ts';
import { type VhdFacts, vhdRow } from './vhd.ts';

export interface BlobVhdToPublish extends VhdFacts {
  /** `https://<account>.blob.<suffix>/<container>/<path>`. An account that lies in another region stays there. */
  readonly uri: string;
}

/**
 * Publishes a VHD as the blob that a template names. An older blob of that name is there until the new one is whole, and
 * stays when that fails or is aborted.
 *
 * @throws KilnError `VhdUriInvalid`, `VhdUriBlocked`, `DiskChanged`; the signal's reason.
 */
export async function publishVhdToUri(
  store: Store,
  request: BlobVhdToPublish,
): Promise<{ readonly path: string; readonly uri: string }> {
  const { disk, signal, uri } = request;
  const blob = parseBlobUri(uri);
  const region = (await accountRegion(store, blob.account)) ?? request.region;
  const name = blobName(blob);
  const path = storageBlobPath(store, region, name);
  const token = randomBytes(6).toString('hex');
  const onItsWay = nameOnItsWay(name, token);
  // The row comes first and names its owner: were this process killed, the sweep finds by it what has to be undone.
  await store.write(trx =>
    trx
      .insertInto('vhds')
      .values({ ...vhdRow({ ...request, region }), name: onItsWay, uri })
      .execute(),
  );
  let note: string | undefined;
  try {
    const onProgress = ({ done, total }: { done: number; total: number }) => request.onCopy?.(region, done, total);
    const options = { signal, onProgress, takeOver: disk.takeOver(region) };
    await withIncoming(store, region, disk, options, incoming =>
      store.write(async trx => {
        note = await placeBlob(store, { region, name, uri }, incoming, token);
        await trx.deleteFrom('vhds').where('region', '=', region).where('name', '=', name).execute();
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
      if (note !== undefined) await takeBack(store, region, name, note);
      await trx.deleteFrom('vhds').where('region', '=', region).where('name', '=', onItsWay).execute();
    });
    throw error;
  }
  if (note !== undefined) await rm(note, { force: true });
  return { path, uri };
}
