import type { CreateTableBuilder, Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** Plain types only, so that the same tables can be made in PostgreSQL. */
export const firstTables: Migration = {
  async up(db: Kysely<unknown>) {
    await resource(db, 'resource_groups').execute();
    await resource(db, 'galleries')
      .addColumn('resource_group_key', 'text', c => c.notNull())
      .execute();
    await resource(db, 'image_definitions')
      .addColumn('gallery_key', 'text', c => c.notNull())
      .addColumn('os', 'text', c => c.notNull())
      .addColumn('os_state', 'text', c => c.notNull())
      .addColumn('generation', 'text', c => c.notNull())
      .execute();
    await disk(db, 'gallery_versions')
      .addColumn('key', 'text', c => c.primaryKey())
      .addColumn('id', 'text', c => c.notNull())
      .addColumn('definition_key', 'text', c => c.notNull())
      .addColumn('name', 'text', c => c.notNull())
      .addColumn('major', 'integer', c => c.notNull())
      .addColumn('minor', 'integer', c => c.notNull())
      .addColumn('patch', 'integer', c => c.notNull())
      .addColumn('status', 'text', c => c.notNull())
      .addColumn('owner', 'text', c => c.notNull())
      .addColumn('exclude_from_latest', 'integer', c => c.notNull())
      .addColumn('end_of_life', 'text')
      .addUniqueConstraint('gallery_version_number', ['definition_key', 'major', 'minor', 'patch'])
      .execute();
    await db.schema
      .createTable('gallery_version_regions')
      .addColumn('version_key', 'text', c => c.notNull().references('gallery_versions.key').onDelete('cascade'))
      .addColumn('region', 'text', c => c.notNull())
      .addColumn('position', 'integer', c => c.notNull())
      .addColumn('digest', 'text', c => c.notNull())
      .addColumn('status', 'text', c => c.notNull())
      .addColumn('replica_count', 'integer', c => c.notNull())
      .addColumn('storage_account_type', 'text', c => c.notNull())
      .addPrimaryKeyConstraint('gallery_version_region_key', ['version_key', 'region'])
      .execute();
    await disk(db, 'managed_images')
      .addColumn('key', 'text', c => c.primaryKey())
      .addColumn('id', 'text', c => c.notNull())
      .addColumn('resource_group_key', 'text', c => c.notNull())
      .addColumn('location', 'text', c => c.notNull())
      .addColumn('os', 'text', c => c.notNull())
      .addColumn('generation', 'text', c => c.notNull())
      .execute();
    await disk(db, 'vhds')
      .addColumn('name', 'text', c => c.notNull())
      .addColumn('region', 'text', c => c.notNull())
      .addColumn('run_output_name', 'text', c => c.notNull())
      .addColumn('status', 'text', c => c.notNull())
      .addColumn('owner', 'text', c => c.notNull())
      .addColumn('os', 'text', c => c.notNull())
      .addColumn('generation', 'text', c => c.notNull())
      .addPrimaryKeyConstraint('vhd_key', ['region', 'name'])
      .execute();
    await db.schema
      .createTable('runs')
      .addColumn('id', 'text', c => c.primaryKey())
      .addColumn('template_name', 'text', c => c.notNull())
      .addColumn('status', 'text', c => c.notNull())
      .addColumn('started_at', 'text', c => c.notNull())
      .addColumn('ended_at', 'text')
      .addColumn('result', 'text')
      .execute();
    await db.schema
      .createTable('run_outputs')
      .addColumn('run_id', 'text', c => c.notNull())
      .addColumn('name', 'text', c => c.notNull())
      .addColumn('type', 'text', c => c.notNull())
      .addColumn('artifact_id', 'text')
      .addColumn('artifact_uri', 'text')
      .addColumn('path', 'text', c => c.notNull())
      .addColumn('digest', 'text', c => c.notNull())
      .addColumn('size_bytes', 'bigint', c => c.notNull())
      .addColumn('created_at', 'text', c => c.notNull())
      .addPrimaryKeyConstraint('run_output_key', ['run_id', 'name'])
      .execute();
    await db.schema
      .createTable('blob_pins')
      .addColumn('holder', 'text', c => c.notNull())
      .addColumn('region', 'text', c => c.notNull())
      .addColumn('digest', 'text', c => c.notNull())
      .addPrimaryKeyConstraint('blob_pin_key', ['holder', 'region', 'digest'])
      .execute();
  },
};

function resource(db: Kysely<unknown>, table: string): CreateTableBuilder<string, string> {
  return db.schema
    .createTable(table)
    .addColumn('key', 'text', c => c.primaryKey())
    .addColumn('id', 'text', c => c.notNull())
    .addColumn('location', 'text', c => c.notNull())
    .addColumn('tags', 'text', c => c.notNull())
    .addColumn('created_at', 'text', c => c.notNull());
}

function disk(db: Kysely<unknown>, table: string): CreateTableBuilder<string, string> {
  return db.schema
    .createTable(table)
    .addColumn('digest', 'text', c => c.notNull())
    .addColumn('size_bytes', 'bigint', c => c.notNull())
    .addColumn('virtual_size_bytes', 'bigint', c => c.notNull())
    .addColumn('source_digest', 'text', c => c.notNull())
    .addColumn('source_name', 'text', c => c.notNull())
    .addColumn('run_id', 'text', c => c.notNull())
    .addColumn('tags', 'text', c => c.notNull())
    .addColumn('published_at', 'text', c => c.notNull());
}
