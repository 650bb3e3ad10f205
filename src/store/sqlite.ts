import { chmodSync, closeSync, openSync } from 'node:fs';
import BetterSqlite from 'better-sqlite3';
import {
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  Kysely,
  SqliteAdapter,
  SqliteDriver,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely';
import { whileBusy } from './patience.ts';

/** Opens the SQLite file, made durable and shareable: several processes read and write it at once. */
export async function openSqlite<T>(file: string): Promise<Kysely<T>> {
  keepPrivate(file);
  const database = await whileBusy(file, isBusy, () => {
    // SQLite waits by blocking the whole process, so it is given little time; the rest is waited out by `whileBusy`.
    const opened = new BetterSqlite(file, { timeout: 500 });
    try {
      opened.pragma('journal_mode = WAL');
      opened.pragma('synchronous = FULL');
      opened.pragma('foreign_keys = ON');
      return opened;
    } catch (error) {
      opened.close();
      throw error;
    }
  });
  return new Kysely<T>({ dialect: sqliteDialect(file, database) });
}

/**
 * Nobody but its owner reads the database: what is in it can hold secrets. SQLite gives the files beside it the mode of the database. A file that
 * is there already is not opened here: to close it would take away the locks that this process has on it.
 */
function keepPrivate(file: string): void {
  try {
    closeSync(openSync(file, 'wx', 0o600));
  } catch (error) {
    if (!isCode(error, 'EEXIST')) throw error;
  }
  for (const path of [file, `${file}-wal`, `${file}-shm`]) {
    try {
      chmodSync(path, 0o600);
    } catch (error) {
      // Not there, or another's: then it is for that user to decide.
      if (!isCode(error, 'ENOENT') && !isCode(error, 'EPERM')) throw error;
    }
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

function sqliteDialect(file: string, database: BetterSqlite.Database): Dialect {
  return {
    createDriver: () => new PatientDriver(file, database),
    createQueryCompiler: () => new SqliteQueryCompiler(),
    createAdapter: () => new TransactionalAdapter(),
    createIntrospector: db => new SqliteIntrospector(db),
  };
}

class PatientDriver extends SqliteDriver {
  readonly #file: string;

  constructor(file: string, database: BetterSqlite.Database) {
    super({ database });
    this.#file = file;
  }

  /** The write lock is taken at once: a transaction that first reads and then writes could fail half-way otherwise. */
  override async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await whileBusy(this.#file, isBusy, () => connection.executeQuery(CompiledQuery.raw('begin immediate')));
  }

  /** On a full disk SQLite has rolled back by itself: that there is nothing left to do must not hide the reason. */
  override async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    await super.rollbackTransaction(connection).catch((error: Error) => {
      if (!error.message.includes('no transaction is active')) throw error;
    });
  }
}

class TransactionalAdapter extends SqliteAdapter {
  /** Migrations run in a transaction, so that two processes that open a new store do not both make its tables. */
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('SQLITE_BUSY');
}
