import { mkdir, readdir, readFile, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { storeError } from '../errors/store.ts';
import { writeWhole } from '../home/write-whole.ts';
import { isBlobFile } from './blob-path.ts';
import type { Store, StoreTransaction } from './store.ts';

/**
 * Whether the blobs in a region's directory are this store's to keep and to remove. A directory is marked with the id of the store that
 * first wrote to it: a database that is another one (lost, restored, of another home, a new one on a server) knows nothing of the
 * blobs there, and must not take that for a reason to remove them.
 *
 * @param wanted real paths of the blobs that the database refers to: one of them in a directory without a mark shows whose it is
 */
export async function ownsRegion(
  store: Store,
  trx: Pick<StoreTransaction, 'selectFrom'>,
  region: string,
  wanted: () => Promise<ReadonlySet<string>>,
): Promise<boolean> {
  const { root, blobs, mark } = store.region(region);
  const { id } = await trx.selectFrom('stores').select('id').executeTakeFirstOrThrow();
  const marked = await readFile(mark, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (marked !== undefined) return marked.trim() === id;
  const there = (await readdir(blobs).catch(() => [])).filter(isBlobFile);
  if (there.length > 0) {
    const known = await wanted();
    const paths = await Promise.all(there.map(name => realpath(join(blobs, name)).catch(() => join(blobs, name))));
    if (!paths.some(path => known.has(path))) return false;
  }
  await mkdir(root, { recursive: true, mode: 0o755 });
  await writeWhole(mark, `${id}\n`, 0o644);
  return true;
}

/** The error of a region's directory that belongs to another store. */
export function regionOfAnother(store: Store, region: string) {
  const { root, mark } = store.region(region);
  return storeError('RegionOfAnotherStore', { region, directory: root, mark });
}
