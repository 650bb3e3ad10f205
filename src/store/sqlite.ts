import { setTimeout as sleep } from 'node:timers/promises';
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
import { storeError } from '../errors/store.ts';

/** How long a process waits for others that write, in seconds. Each holds the lock for milliseconds. */
const PATIENCE_SECONDS = 60;

/** Opens the SQLite file, made durable and shareable: several processes read and write it at once. */
export async function openSqlite<T>(file: string): Promise<Kysely<T>> {
  const database = await whileBusy(() => {
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
  return new Kysely<T>({ dialect: sqliteDialect(database) });
}

function sqliteDialect(database: BetterSqlite.Database): Dialect {
  return {
    createDriver: () => new PatientDriver({ database }),
    createQueryCompiler: () => new SqliteQueryCompiler(),
    createAdapter: () => new TransactionalAdapter(),
    createIntrospector: db => new SqliteIntrospector(db),
  };
}

class PatientDriver extends SqliteDriver {
  /** The write lock is taken at once: a transaction that first reads and then writes could fail half-way otherwise. */
  override async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await whileBusy(() => connection.executeQuery(CompiledQuery.raw('begin immediate')));
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

/** Tries again as long as another process holds a lock. */
export async function whileBusy<T>(attempt: () => T | Promise<T>): Promise<T> {
  const deadline = Date.now() + PATIENCE_SECONDS * 1000;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (!isBusy(error)) throw error;
      if (Date.now() > deadline) throw storeError('StoreBusy', { seconds: PATIENCE_SECONDS }, { cause: error });
      await sleep(10 + Math.random() * 40);
    }
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('SQLITE_BUSY');
}
