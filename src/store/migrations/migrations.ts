import type { Migration } from 'kysely/migration';
import { firstTables } from './0001-first-tables.ts';
import { plansCopiesStaging } from './0002-plans-copies-staging.ts';
import { dataDisks } from './0003-data-disks.ts';
import { declaredDetails } from './0004-declared-details.ts';
import { service } from './0005-service.ts';
import { principals } from './0006-principals.ts';
import { heartbeats } from './0007-heartbeats.ts';
import { storeId } from './0008-store-id.ts';

/** Every change of the tables, by name, in order. One that was released is never edited. */
export const migrations: Readonly<Record<string, Migration>> = {
  '0001-first-tables': firstTables,
  '0002-plans-copies-staging': plansCopiesStaging,
  '0003-data-disks': dataDisks,
  '0004-declared-details': declaredDetails,
  '0005-service': service,
  '0006-principals': principals,
  '0007-heartbeats': heartbeats,
  '0008-store-id': storeId,
};
