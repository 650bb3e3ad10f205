import type { Store } from './store.ts';

/** Does work on a store whose changes are undone in the end. Files are those of the store itself. */
export async function rehearse<T>(store: Store, work: (rehearsal: Store) => Promise<T>): Promise<T> {
  const trx = await store.db.startTransaction().execute();
  try {
    const rehearsal: Store = { ...store, db: trx, write: inner => inner(trx), rehearse: inner => inner(rehearsal) };
    return await work(rehearsal);
  } finally {
    await trx.rollback().execute();
  }
}
