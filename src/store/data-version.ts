import BetterSqlite from 'better-sqlite3';

/** Says whether anything was committed to a SQLite file since it was asked last: another number then. */
export interface DataVersion {
  now(): number;
  close(): void;
}

/**
 * By a connection of its own: SQLite tells each connection of what the others commit, those of other processes included. Asking takes
 * about a microsecond.
 */
export function dataVersion(file: string): DataVersion {
  let opened: { readonly database: BetterSqlite.Database; readonly ask: BetterSqlite.Statement } | undefined;
  return {
    now: () => {
      if (opened === undefined) {
        const database = new BetterSqlite(file, { readonly: true, timeout: 500 });
        opened = { database, ask: database.prepare('PRAGMA data_version').pluck() };
      }
      return Number(opened.ask.get());
    },
    close: () => opened?.database.close(),
  };
}
