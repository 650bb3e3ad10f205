import { performance } from 'node:perf_hooks';
import BetterSqlite from 'better-sqlite3';

/** Says whether anything was committed to a SQLite file since it was asked last: another number then. */
export interface DataVersion {
  now(): number;
  /** To be called after each commit of this process: its own writes are seen at once. */
  written(): void;
  close(): void;
}

/** How long a commit of another process may go unnoticed. */
const BELIEVED_MS = 5;

/**
 * By a connection of its own: SQLite tells each connection of what the others commit, those of other processes included. That takes
 * some system calls, a tenth of a request, so it is asked a few hundred times a second at most.
 */
export function dataVersion(file: string): DataVersion {
  let opened: { readonly database: BetterSqlite.Database; readonly ask: BetterSqlite.Statement } | undefined;
  let known = 0;
  let askedAt = Number.NEGATIVE_INFINITY;
  return {
    now: () => {
      const time = performance.now();
      if (time - askedAt < BELIEVED_MS) return known;
      if (opened === undefined) {
        const database = new BetterSqlite(file, { readonly: true, timeout: 500 });
        opened = { database, ask: database.prepare('PRAGMA data_version').pluck() };
      }
      known = Number(opened.ask.get());
      askedAt = time;
      return known;
    },
    written: () => {
      askedAt = Number.NEGATIVE_INFINITY;
    },
    close: () => opened?.database.close(),
  };
}
