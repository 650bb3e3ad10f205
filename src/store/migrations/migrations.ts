import type { Migration } from 'kysely/migration';
import { firstTables } from './0001-first-tables.ts';
import { plansCopiesStaging } from './0002-plans-copies-staging.ts';

/** Every change of the tables, by name, in order. One that was released is never edited. */
export const migrations: Readonly<Record<string, Migration>> = {
  '0001-first-tables': firstTables,
  '0002-plans-copies-staging': plansCopiesStaging,
};
