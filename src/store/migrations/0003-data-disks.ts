import type { CreateTableBuilder, Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** The data disks of gallery versions and managed images. What is older has none. */
export const dataDisks: Migration = {
  async up(db: Kysely<unknown>) {
    await columns(db, 'gallery_version_data_disks')
      .addColumn('version_key', 'text', c => c.notNull().references('gallery_versions.key').onDelete('cascade'))
      .addPrimaryKeyConstraint('gallery_version_data_disk_key', ['version_key', 'lun'])
      .execute();
    await columns(db, 'managed_image_data_disks')
      .addColumn('image_key', 'text', c => c.notNull().references('managed_images.key').onDelete('cascade'))
      .addPrimaryKeyConstraint('managed_image_data_disk_key', ['image_key', 'lun'])
      .execute();
  },
};

function columns(db: Kysely<unknown>, table: string): CreateTableBuilder<string, string> {
  return db.schema
    .createTable(table)
    .addColumn('lun', 'integer', c => c.notNull())
    .addColumn('digest', 'text', c => c.notNull())
    .addColumn('size_bytes', 'bigint', c => c.notNull())
    .addColumn('virtual_size_bytes', 'bigint', c => c.notNull());
}
