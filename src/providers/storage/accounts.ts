import { randomBytes } from 'node:crypto';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { armError } from '../../errors/arm.ts';
import { resourceTypeError } from '../../errors/resource-types.ts';
import { ownerName } from '../../home/process-lock.ts';
import type { StoredResource } from '../../store/resources.ts';
import { accountRegion } from '../../store/storage-blobs.ts';
import type { Store, StoreTransaction } from '../../store/store.ts';
import type { AfterCommit } from '../stored-type.ts';
import { ACCOUNT_TYPE } from './places.ts';

export const ACCOUNT_NAME = {
  pattern: /^[a-z0-9]{3,24}$/,
  rule: 'it has 3 to 24 lower-case letters and digits',
};

/**
 * Takes away what is in an account or in a container of one. The files are removed after the transaction: there may be many, and others
 * wait to write. Were this process killed before, the next sweep removes them.
 *
 * @param path `<account>` or `<account>/<container>`
 */
export async function removeContent(
  store: Store,
  trx: StoreTransaction,
  region: string,
  path: string,
): Promise<AfterCommit> {
  const vhds = await trx.selectFrom('vhds').select(['region', 'name']).where('uri', 'is not', null).execute();
  for (const vhd of vhds.filter(({ name }) => name.startsWith(`${path}/`))) {
    await trx.deleteFrom('vhds').where('region', '=', vhd.region).where('name', '=', vhd.name).execute();
  }
  const { storage, incoming } = store.region(region);
  const away = join(incoming, `${ownerName()}-${randomBytes(8).toString('hex')}`);
  await mkdir(incoming, { recursive: true, mode: 0o755 });
  await rename(join(storage, ...path.split('/')), away).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
  return () => rm(away, { recursive: true, force: true });
}

/** @throws KilnError `ResourceInUse`. */
export async function refusePublishing(trx: StoreTransaction, resource: string, prefix: string): Promise<void> {
  const rows = await trx.selectFrom('vhds').select(['name', 'run_id']).where('status', '=', 'Publishing').execute();
  const row = rows.find(({ name }) => name.startsWith(prefix));
  if (row !== undefined)
    throw armError('ResourceInUse', { resource, by: `the run ${row.run_id}, which publishes a VHD to it` });
}

/** @throws KilnError `StorageAccountAlreadyTaken`: names are unique at a site, whoever has them. */
export async function refuseTaken(store: Store, trx: StoreTransaction, account: string): Promise<void> {
  if (await isTaken(store, trx, account)) throw resourceTypeError('StorageAccountAlreadyTaken', { account });
}

export async function isTaken(
  store: Store,
  db: Pick<StoreTransaction, 'selectFrom'>,
  account: string,
): Promise<boolean> {
  return (await findAccount(db, account)) !== undefined || (await accountRegion(store, db, account)) !== undefined;
}

/** The account of a name, in whatever group. */
export async function findAccount(
  db: Pick<StoreTransaction, 'selectFrom'>,
  name: string,
): Promise<{ readonly key: string; readonly location: string | null; readonly internal: string } | undefined> {
  return db
    .selectFrom('resources')
    .select(['key', 'location', 'internal'])
    .where('type', '=', ACCOUNT_TYPE)
    .where('name', '=', name)
    .executeTakeFirst();
}

/** Key of the image template whose staging account one is: the logs of its runs are there. */
export function templateOf({ internal }: Pick<StoredResource, 'internal'>): string | undefined {
  const { template } = internal;
  return typeof template === 'string' ? template : undefined;
}
