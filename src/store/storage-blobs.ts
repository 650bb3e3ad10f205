import { link, lstat, mkdir, readdir, rename, rm, rmdir, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { storeError } from '../errors/store.ts';
import { ownerName } from '../home/process-lock.ts';
import { exists, syncDirectory } from './blobs.ts';
import type { VhdRow } from './database.ts';
import type { Store, StoreTransaction } from './store.ts';

/** Follows the name of a VHD that is on its way to its URI, with the token of the run that writes it. */
const ON_ITS_WAY = '?';

/** Where the file of a VHD is, or is going to be. */
export function vhdPath(store: Store, row: Pick<VhdRow, 'region' | 'name' | 'uri'>): string {
  if (row.uri === null) return join(store.region(row.region).vhds, row.name);
  const [name = ''] = row.name.split(ON_ITS_WAY);
  return storageBlobPath(store, row.region, name);
}

/** The name in the database of a blob that is being written beside the one that is there. */
export function nameOnItsWay(name: string, token: string): string {
  return `${name}${ON_ITS_WAY}${token}`;
}

/** The file of `<account>/<container>/<path>` in a region. */
export function storageBlobPath(store: Store, region: string, name: string): string {
  const parts = name.split('/');
  if (parts.length < 3 || parts.some(part => /^\.{0,2}$|[\\\0]/.test(part))) throw new Error(`${name} is no blob`);
  return join(store.region(region).storage, ...parts);
}

/**
 * Refuses a blob that has no place of its own in the file system: below another blob, or above one. Nothing on the way
 * may be a symbolic link, which could lead out of the region.
 *
 * @throws KilnError `VhdUriBlocked`.
 */
export async function refuseBlocked(store: Store, region: string, name: string, uri: string): Promise<void> {
  const parts = name.split('/');
  let path = store.region(region).storage;
  for (const [index, part] of parts.entries()) {
    path = join(path, part);
    const found = await lstat(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    if (found === undefined) return;
    const isBlob = index === parts.length - 1;
    if (isBlob ? found.isFile() : found.isDirectory()) continue;
    const reason = found.isSymbolicLink() ? 'is a symbolic link' : isBlob ? 'holds other blobs' : 'is a blob itself';
    throw storeError('VhdUriBlocked', { uri, path, reason });
  }
}

/**
 * Moves a finished file to its blob's place, in place of an older one, and returns the path of the note by which
 * `takeBack` undoes that. To be called under the store's write lock.
 *
 * @throws KilnError `VhdUriBlocked`.
 */
export async function placeBlob(
  store: Store,
  blob: { readonly region: string; readonly name: string; readonly uri: string },
  incoming: string,
  token: string,
): Promise<string> {
  const { region, name, uri } = blob;
  const path = storageBlobPath(store, region, name);
  await refuseBlocked(store, region, name, uri);
  await mkdir(dirname(path), { recursive: true, mode: 0o755 });
  const had = await exists(path);
  const { ino } = await stat(incoming);
  const directory = store.region(region).incoming;
  const note = join(directory, `${ownerName()}-${token}-${ino}-${had ? 'had' : 'none'}`);
  // The older blob itself, or an empty file that says that there was none.
  await (had ? link(path, note) : writeFile(note, '', { flag: 'wx' }));
  await syncDirectory(directory);
  await rename(incoming, path);
  for (let at = dirname(path); at !== dirname(store.region(region).root); at = dirname(at)) await syncDirectory(at);
  return note;
}

/** Undoes `placeBlob` unless the blob has been replaced since. To be called under the store's write lock. */
export async function takeBack(store: Store, region: string, name: string, note: string): Promise<void> {
  const path = storageBlobPath(store, region, name);
  const [, ino, before] = /-(\d+)-(had|none)$/.exec(note) ?? [];
  const found = await stat(path).catch(() => undefined);
  if (found !== undefined && String(found.ino) === ino) {
    if (before === 'had') await rename(note, path);
    else await removeStorageBlob(store, region, name);
    await syncDirectory(dirname(path)).catch(() => undefined);
  }
  await rm(note, { force: true });
}

/** Undoes what a process that was killed did to the blob of a row that it never published. */
export async function takeBackAbandoned(store: Store, row: Pick<VhdRow, 'region' | 'name' | 'owner'>): Promise<void> {
  const [name = '', token = ''] = row.name.split(ON_ITS_WAY);
  const directory = store.region(row.region).incoming;
  const notes = (await readdir(directory).catch(() => [])).filter(file => file.startsWith(`${row.owner}-${token}-`));
  for (const note of notes) await takeBack(store, row.region, name, join(directory, note));
}

/** Removes a blob and the directories that it leaves empty; its container stays. */
export async function removeStorageBlob(store: Store, region: string, name: string): Promise<void> {
  const path = storageBlobPath(store, region, name);
  await rm(path, { force: true });
  const [account = '', container = ''] = name.split('/');
  const top = join(store.region(region).storage, account, container);
  for (let at = dirname(path); at !== top; at = dirname(at)) {
    const removed = await rmdir(at).then(
      () => true,
      () => false,
    );
    if (!removed) return;
  }
}

/**
 * The region that has a storage account already, or that somebody publishes the first blob of it to right now. The names of
 * accounts are unique: whoever wants to make one asks under the store's write lock. An empty directory alone is no account.
 */
export async function accountRegion(
  store: Store,
  db: Pick<StoreTransaction, 'selectFrom'>,
  account: string,
): Promise<string | undefined> {
  const resource = await db
    .selectFrom('resources')
    .select('location')
    .where('type', '=', 'Microsoft.Storage/storageAccounts')
    .where('name', '=', account)
    .executeTakeFirst();
  if (resource?.location != null) return resource.location;
  for (const region of await store.regions()) {
    const content = await readdir(join(store.region(region).storage, account)).catch(() => []);
    if (content.length > 0) return region;
  }
  const row = await db
    .selectFrom('vhds')
    .select('region')
    .where('uri', 'is not', null)
    .where('name', 'like', `${account}/%`)
    .limit(1)
    .executeTakeFirst();
  return row?.region;
}
