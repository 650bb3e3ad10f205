import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** What definitions demand, plans, copies that regions share, VHDs with a URI of their own, staging groups. */
export const plansCopiesStaging: Migration = {
  async up(db: Kysely<unknown>) {
    const { schema } = db;
    await schema
      .alterTable('image_definitions')
      .addColumn('features', 'text', c => c.notNull().defaultTo('[]'))
      .execute();
    await schema.alterTable('image_definitions').addColumn('purchase_plan', 'text').execute();
    await schema.alterTable('managed_images').addColumn('purchase_plan', 'text').execute();
    await schema
      .alterTable('gallery_versions')
      .addColumn('replication_mode', 'text', c => c.notNull().defaultTo('Full'))
      .execute();
    await schema.alterTable('gallery_version_regions').addColumn('held_in', 'text').execute();
    await schema.alterTable('vhds').addColumn('uri', 'text').execute();
    await schema
      .createTable('staging_groups')
      .addColumn('group_key', 'text', c => c.primaryKey())
      .addColumn('holder', 'text', c => c.notNull())
      .addColumn('created', 'integer', c => c.notNull())
      .execute();
  },
};
