import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Kysely, Transaction } from 'kysely';
import { Migrator } from 'kysely/migration';
import type { SiteConfig } from '../config/site-config.ts';
import { KilnError } from '../errors/kiln-error.ts';
import { storeError } from '../errors/store.ts';
import type { KilnHome } from '../home/kiln-home.ts';
import type { Database } from './database.ts';
import { migrations } from './migrations/migrations.ts';
import { type RegionDirectory, regionLayout, siteRegions } from './regions.ts';
import { openSqlite } from './sqlite.ts';

export type StoreTransaction = Transaction<Database>;

/** Metadata and blobs of everything that was published, shared by all Kiln processes of one home. */
export interface Store {
  /** For reading. What is written goes through `write`. */
  readonly db: Kysely<Database>;
  /** One transaction that no other process writes beside. It sees all that was committed before. Never call it within itself. */
  write<T>(work: (trx: StoreTransaction) => Promise<T>): Promise<T>;
  region(name: string): RegionDirectory;
  /** Names of the regions that have a directory. */
  regions(): Promise<readonly string[]>;
  close(): Promise<void>;
}

/**
 * Opens the store of a home, makes or updates its tables.
 *
 * @throws KilnError `StoreUnreadable`, `StoreBusy`.
 */
export async function openStore(home: KilnHome, config: Pick<SiteConfig, 'regions'>): Promise<Store> {
  const layout = regionLayout(home.regions, config.regions);
  const db = await openDatabase(home.database);
  return {
    db,
    write: work => db.transaction().execute(work),
    region: layout.directory,
    regions: () => siteRegions(home.regions, config.regions),
    close: () => db.destroy(),
  };
}

async function openDatabase(file: string): Promise<Kysely<Database>> {
  let db: Kysely<Database> | undefined;
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o755 });
    db = await openSqlite<Database>(file);
    const { error } = await new Migrator({ db, provider: { getMigrations: async () => migrations } }).migrateToLatest();
    if (error !== undefined) throw error;
    return db;
  } catch (cause) {
    await db?.destroy();
    if (cause instanceof KilnError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw storeError('StoreUnreadable', { file, reason }, { cause });
  }
}
