import { randomBytes } from 'node:crypto';
import { isAlive, ownerIn, ownerName } from '../home/process-lock.ts';
import type { Store, StoreTransaction } from './store.ts';

export interface BlobName {
  readonly region: string;
  readonly digest: string;
}

/** The holder of pins that outlive the process: those of a run whose machine is kept. */
export function runHolder(runId: string): string {
  return `run:${runId}`;
}

/** A new holder for one piece of work of this process. Its pins end with the process at the latest. */
export function workHolder(): string {
  return `${ownerName()}-${randomBytes(6).toString('hex')}`;
}

/** Keeps a blob from being collected, until `releasePins` or the end of the process that the holder belongs to. */
export async function pinBlob(trx: StoreTransaction, blob: BlobName, holder: string): Promise<void> {
  await trx
    .insertInto('blob_pins')
    .values({ holder, region: blob.region, digest: blob.digest })
    .onConflict(conflict => conflict.doNothing())
    .execute();
}

/** Gives up all pins of a holder. */
export async function releasePins(store: Store, holder: string): Promise<void> {
  await store.write(trx => trx.deleteFrom('blob_pins').where('holder', '=', holder).execute());
}

/** Whether a pin still counts. */
export function isHeld(holder: string): boolean {
  return holder.startsWith('run:') || isAlive(ownerIn(holder) ?? '');
}
