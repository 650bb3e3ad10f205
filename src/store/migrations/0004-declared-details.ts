import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** What galleries and definitions are declared with besides what Kiln needs of them. */
export const declaredDetails: Migration = {
  async up(db: Kysely<unknown>) {
    const { schema } = db;
    await schema.alterTable('galleries').addColumn('description', 'text').execute();
    const definitions = () => schema.alterTable('image_definitions');
    await definitions().addColumn('identifier', 'text').execute();
    await definitions()
      .addColumn('architecture', 'text', c => c.notNull().defaultTo('x64'))
      .execute();
    await definitions()
      .addColumn('details', 'text', c => c.notNull().defaultTo('{}'))
      .execute();
  },
};
