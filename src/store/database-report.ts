import { existsSync } from 'node:fs';
import { type Kysely, sql } from 'kysely';
import { KilnError } from '../errors/kiln-error.ts';
import { storeError } from '../errors/store.ts';
import type { KilnHome } from '../home/kiln-home.ts';
import { migrations } from './migrations/migrations.ts';
import { openDatabase, type StoreConfig, storeName } from './store.ts';

export interface DatabaseReport {
  /** Program and version. */
  readonly program: string;
  readonly name: string;
  /** `newer`: a newer Kiln made its tables; `older`: they are brought up to date when a command opens the store; `none`: they are made then. */
  readonly tables: 'current' | 'older' | 'newer' | 'none';
  /** Settings with which what was said to be kept may be lost, or text be changed: `fsync is off`. */
  readonly doubts: readonly string[];
}

/**
 * Looks at the database of a store and changes nothing. `undefined` when it is a file that is not there yet.
 *
 * @throws KilnError `StoreUnreadable`, `StoreBusy`.
 */
export async function reportDatabase(home: KilnHome, config: StoreConfig): Promise<DatabaseReport | undefined> {
  const { database: url } = config;
  if (url === undefined && !existsSync(home.database)) return undefined;
  const name = storeName(home, config);
  let db: Kysely<unknown> | undefined;
  try {
    db = await openDatabase<unknown>(home.database, url);
    const facts = url === undefined ? await sqliteFacts(db) : await postgresFacts(db);
    return { ...facts, name, tables: await tablesOf(db) };
  } catch (cause) {
    if (cause instanceof KilnError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw storeError('StoreUnreadable', { store: name, reason }, { cause });
  } finally {
    await db?.destroy();
  }
}

type Facts = Pick<DatabaseReport, 'program' | 'doubts'>;

async function sqliteFacts(db: Kysely<unknown>): Promise<Facts> {
  const { rows } = await sql<{ version: string }>`select sqlite_version() as version`.execute(db);
  return { program: `SQLite ${rows[0]?.version}`, doubts: [] };
}

async function postgresFacts(db: Kysely<unknown>): Promise<Facts> {
  const setting = async (name: string) => {
    const { rows } = await sql<{ value: string }>`select current_setting(${name}) as value`.execute(db);
    return rows[0]?.value ?? '';
  };
  const doubts: string[] = [];
  for (const name of ['fsync', 'full_page_writes', 'synchronous_commit']) {
    if ((await setting(name)) === 'off') doubts.push(`${name} is off`);
  }
  const encoding = await setting('server_encoding');
  if (encoding !== 'UTF8') doubts.push(`its encoding is ${encoding}, not UTF8`);
  return { program: `PostgreSQL ${await setting('server_version')}`, doubts };
}

async function tablesOf(db: Kysely<unknown>): Promise<DatabaseReport['tables']> {
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true });
  if (!tables.some(({ name }) => name === 'kysely_migration')) return 'none';
  const { rows } = await sql<{ name: string }>`select name from kysely_migration`.execute(db);
  const known = Object.keys(migrations);
  if (rows.some(({ name }) => !known.includes(name))) return 'newer';
  return rows.length === known.length ? 'current' : 'older';
}
