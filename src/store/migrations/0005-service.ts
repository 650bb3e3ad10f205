import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** What a service keeps besides images: resources of any type, long-running operations, and runs that wait for their turn. */
export const service: Migration = {
  async up(db: Kysely<unknown>) {
    const { schema } = db;
    await schema
      .createTable('resources')
      .addColumn('key', 'text', c => c.primaryKey())
      .addColumn('id', 'text', c => c.notNull())
      .addColumn('type', 'text', c => c.notNull())
      .addColumn('name', 'text', c => c.notNull())
      .addColumn('subscription', 'text')
      .addColumn('resource_group_key', 'text')
      .addColumn('parent_key', 'text')
      .addColumn('location', 'text')
      .addColumn('tags', 'text')
      .addColumn('body', 'text', c => c.notNull())
      .addColumn('internal', 'text', c => c.notNull().defaultTo('{}'))
      .addColumn('provisioning_state', 'text', c => c.notNull())
      .addColumn('created_at', 'text', c => c.notNull())
      .addColumn('changed_at', 'text', c => c.notNull())
      .addColumn('created_by', 'text')
      .execute();
    await index('resources', ['subscription', 'type', 'key']);
    await index('resources', ['resource_group_key', 'type', 'key']);
    await index('resources', ['parent_key', 'type', 'key']);
    await schema
      .createTable('operations')
      .addColumn('id', 'text', c => c.primaryKey())
      .addColumn('kind', 'text', c => c.notNull())
      .addColumn('target_key', 'text', c => c.notNull())
      .addColumn('subscription', 'text', c => c.notNull())
      .addColumn('location', 'text', c => c.notNull())
      .addColumn('status', 'text', c => c.notNull())
      .addColumn('input', 'text', c => c.notNull())
      .addColumn('error', 'text')
      .addColumn('result', 'text')
      .addColumn('correlation_id', 'text', c => c.notNull())
      .addColumn('started_at', 'text', c => c.notNull())
      .addColumn('ended_at', 'text')
      .execute();
    await index('operations', ['status', 'started_at']);
    await index('operations', ['target_key', 'started_at']);
    const runs = {
      template_key: 'text',
      operation_id: 'text',
      correlation_id: 'text',
      accepted_at: 'text',
      request: 'text',
      stage: 'text',
      owner: 'text',
    } as const;
    for (const [column, type] of Object.entries(runs)) {
      await schema.alterTable('runs').addColumn(column, type).execute();
    }
    for (const column of ['cancel_requested', 'attempts', 'cpus', 'memory_mib']) {
      await schema
        .alterTable('runs')
        .addColumn(column, 'integer', c => c.notNull().defaultTo(0))
        .execute();
    }
    await index('runs', ['template_key', 'accepted_at']);
    await index('runs', ['status', 'accepted_at']);
    await schema
      .alterTable('resource_groups')
      .addColumn('provisioning_state', 'text', c => c.notNull().defaultTo('Succeeded'))
      .execute();

    async function index(table: string, columns: string[]): Promise<void> {
      await schema
        .createIndex(`${table}_by_${columns.join('_')}`)
        .on(table)
        .columns(columns)
        .execute();
    }
  },
};
