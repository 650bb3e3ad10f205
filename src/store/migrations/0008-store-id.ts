import { randomUUID } from 'node:crypto';
import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** What a store is known by in the directories of its regions. */
export const storeId: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('stores')
      .addColumn('id', 'text', c => c.primaryKey())
      .execute();
    const stores = db as Kysely<{ stores: { id: string } }>;
    await stores.insertInto('stores').values({ id: randomUUID() }).execute();
  },
};
