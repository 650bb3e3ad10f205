import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** Who may call the service, and by what they are known. */
export const principals: Migration = {
  async up(db: Kysely<unknown>) {
    const { schema } = db;
    await schema
      .createTable('tenants')
      .addColumn('id', 'text', c => c.primaryKey())
      .addColumn('created_at', 'text', c => c.notNull())
      .execute();
    await schema
      .createTable('principals')
      .addColumn('object_id', 'text', c => c.primaryKey())
      .addColumn('app_id', 'text', c => c.notNull().unique())
      .addColumn('kind', 'text', c => c.notNull())
      .addColumn('display_name', 'text', c => c.notNull())
      .addColumn('tenant_id', 'text', c => c.notNull())
      .addColumn('created_at', 'text', c => c.notNull())
      .addColumn('disabled', 'integer', c => c.notNull())
      .execute();
    await schema
      .createTable('principal_secrets')
      .addColumn('id', 'text', c => c.primaryKey())
      .addColumn('object_id', 'text', c => c.notNull().references('principals.object_id').onDelete('cascade'))
      .addColumn('hash', 'text', c => c.notNull())
      .addColumn('hint', 'text', c => c.notNull())
      .addColumn('created_at', 'text', c => c.notNull())
      .addColumn('expires_at', 'text')
      .execute();
    await schema
      .createTable('principal_certificates')
      .addColumn('object_id', 'text', c => c.notNull().references('principals.object_id').onDelete('cascade'))
      .addColumn('fingerprint', 'text', c => c.notNull())
      .addColumn('certificate', 'text', c => c.notNull())
      .addColumn('created_at', 'text', c => c.notNull())
      .addColumn('expires_at', 'text', c => c.notNull())
      .addPrimaryKeyConstraint('principal_certificate_key', ['object_id', 'fingerprint'])
      .execute();
    await schema.createIndex('principal_secrets_of').on('principal_secrets').column('object_id').execute();
  },
};
