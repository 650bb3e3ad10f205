import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Kysely, Transaction } from 'kysely';
import { Migrator } from 'kysely/migration';
import { databaseName } from '../config/database-url.ts';
import type { SiteConfig } from '../config/site-config.ts';
import { KilnError } from '../errors/kiln-error.ts';
import { storeError } from '../errors/store.ts';
import type { KilnHome } from '../home/kiln-home.ts';
import { dataVersion } from './data-version.ts';
import type { Database } from './database.ts';
import { migrations } from './migrations/migrations.ts';
import { openPostgres } from './postgres.ts';
import { type RegionDirectory, regionLayout, siteRegions } from './regions.ts';
import { rehearse } from './rehearse.ts';
import { openSqlite } from './sqlite.ts';

export type StoreTransaction = Transaction<Database>;

/** Metadata and blobs of everything that was published, shared by all Kiln processes of one home. */
export interface Store {
  /** For reading. What is written goes through `write`. */
  readonly db: Kysely<Database>;
  /**
   * One transaction that no other process writes beside. It sees all that was committed before. Never call it within itself. A statement that
   * fails ends it: there is nothing to catch and go on from.
   */
  write<T>(work: (trx: StoreTransaction) => Promise<T>): Promise<T>;
  /** Does metadata work on a store of its own that starts as this one is, and that nobody sees: in the end all of it is undone. */
  rehearse<T>(work: (rehearsal: Store) => Promise<T>): Promise<T>;
  /**
   * Another number after every commit: at once after one of this process, within milliseconds after one of another. Absent where asking
   * is not cheap.
   */
  readonly dataVersion?: () => number;
  region(name: string): RegionDirectory;
  /** Names of the regions that have a directory. */
  regions(): Promise<readonly string[]>;
  close(): Promise<void>;
}

export type StoreConfig = Pick<SiteConfig, 'regions'> & { readonly database?: string | undefined };

/**
 * Opens the store of a home, makes or updates its tables. The metadata is in the PostgreSQL database of the configuration, or else
 * in SQLite in the home.
 *
 * @throws KilnError `StoreUnreadable`, `StoreBusy`.
 */
export async function openStore(home: KilnHome, config: StoreConfig): Promise<Store> {
  const layout = regionLayout(home.regions, config.regions);
  const db = await openMigrated(home, config);
  const inTurn = oneAtATime();
  const version = config.database === undefined ? dataVersion(home.database) : undefined;
  const store: Store = {
    db,
    write: work => inTurn(() => db.transaction().execute(work).finally(version?.written)),
    rehearse: work => inTurn(() => rehearse(store, work)),
    ...(version === undefined ? {} : { dataVersion: version.now }),
    region: layout.directory,
    regions: () => siteRegions(home.regions, config.regions),
    close: async () => {
      version?.close();
      await db.destroy();
    },
  };
  return store;
}

/** What errors and reports call the database: its file, or its host and name. */
export function storeName(home: KilnHome, config: Pick<StoreConfig, 'database'>): string {
  return config.database === undefined ? home.database : databaseName(config.database);
}

async function openMigrated(home: KilnHome, config: StoreConfig): Promise<Kysely<Database>> {
  let db: Kysely<Database> | undefined;
  try {
    db = await openDatabase<Database>(home.database, config.database);
    const { error } = await new Migrator({ db, provider: { getMigrations: async () => migrations } }).migrateToLatest();
    if (error !== undefined) throw error;
    return db;
  } catch (cause) {
    await db?.destroy();
    if (cause instanceof KilnError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw storeError('StoreUnreadable', { store: storeName(home, config), reason }, { cause });
  }
}

/** The database as it is, whatever tables it has: that of the URL, or else the file. */
export async function openDatabase<T>(file: string, url: string | undefined): Promise<Kysely<T>> {
  if (url !== undefined) return openPostgres<T>(url);
  await mkdir(dirname(file), { recursive: true, mode: 0o755 });
  return openSqlite<T>(file);
}

/** Writers of one process queue up here, so that they do not take every connection to wait on, which readers need. */
function oneAtATime(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return work => {
    const turn = last.then(work, work);
    last = turn.catch(() => undefined);
    return turn;
  };
}
