import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** When the process of a run said last that it is at work: how other machines know. */
export const heartbeats: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema.alterTable('runs').addColumn('heartbeat_at', 'text').execute();
  },
};
