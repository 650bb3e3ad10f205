import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ownerName } from '../home/process-lock.ts';
import { syncDirectory, withIncoming } from '../store/blobs.ts';
import { recordRunOutput } from '../store/runs.ts';
import type { Store } from '../store/store.ts';
import { type DiskToPublish, diskColumns } from './published-disk.ts';

export interface VhdToPublish extends VhdFacts {
  /** File name, different for every run. */
  readonly name: string;
  /** URI of the file at its path. */
  readonly uriOf: (path: string) => string;
}

/** What every VHD is published with. */
export interface VhdFacts {
  /** Normalised region name. */
  readonly region: string;
  readonly disk: DiskToPublish;
  readonly tags: Readonly<Record<string, string>>;
  readonly runOutputName: string;
  readonly signal: AbortSignal;
  readonly onCopy?: (region: string, done: number, total: number) => void;
}

/**
 * Moves a VHD into its region and makes it known in one commit. When that fails or is aborted, there is no file.
 *
 * @throws KilnError `DiskChanged`; the signal's reason.
 */
export async function publishVhd(store: Store, request: VhdToPublish): Promise<{ path: string; uri: string }> {
  const { region, name, disk, signal } = request;
  const directory = store.region(region).vhds;
  const path = join(directory, name);
  const uri = request.uriOf(path);
  await mkdir(directory, { recursive: true, mode: 0o755 });
  // The row comes first and names its owner: were this process killed, the sweep finds the file by it.
  await store.write(trx =>
    trx
      .insertInto('vhds')
      .values({ ...vhdRow(request), name, uri: null })
      .execute(),
  );
  try {
    const onProgress = ({ done, total }: { done: number; total: number }) => request.onCopy?.(region, done, total);
    await withIncoming(store, region, disk, { signal, onProgress, takeOver: disk.takeOver(region) }, async incoming => {
      await rename(incoming, path);
      await syncDirectory(directory);
    });
    signal.throwIfAborted();
    await store.write(async trx => {
      await trx
        .updateTable('vhds')
        .set({ status: 'Published', owner: '', published_at: new Date().toISOString() })
        .where('region', '=', region)
        .where('name', '=', name)
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
    });
    return { path, uri };
  } catch (error) {
    await rm(path, { force: true });
    await store.write(trx =>
      trx
        .deleteFrom('vhds')
        .where('region', '=', region)
        .where('name', '=', name)
        .where('status', '=', 'Publishing')
        .execute(),
    );
    throw error;
  }
}

/** The row of a VHD on its way, but for its name. */
export function vhdRow({ region, disk, tags, runOutputName }: VhdFacts) {
  return {
    ...diskColumns(disk, tags),
    region,
    run_output_name: runOutputName,
    status: 'Publishing',
    owner: ownerName(),
    os: disk.os,
    generation: disk.generation,
  } as const;
}
