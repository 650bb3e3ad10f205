import { KilnError } from '../errors/kiln-error.ts';
import { storeError } from '../errors/store.ts';

/** What errors say of a server. */
export interface Server {
  /** Host and database. */
  readonly store: string;
  /** Seconds that a writer waits for others. */
  readonly patience: number;
}

/** Conditions of a server that has no room for one more connection, or is about to be ready. */
const NOT_NOW = ['53300', '57P03'];

const LOCK_NOT_AVAILABLE = '55P03';

/** Classes of conditions in which the server, not the query, is the trouble: connection, authorization, resources, operator, system. */
const OF_SERVER = /^(08|28|3D|53|57|58|XX)|^25006$/;

/** Conditions with which a server ends a connection. */
const ENDED = /^(08|57P01$|57P02$)/;

/** How `pg` says that it waited in vain, and that a connection is gone. */
const TIME_OUT = /^(timeout exceeded when trying to connect|Query read timeout)$/;
const LOST = /^(Connection terminated|Connection ended|Client has encountered a connection error|Client was closed)/;

const NO_PASSWORD = /client password must be a string$/;

/** Whether the server may take a connection when it is asked again a little later. */
export function isNotNow(error: unknown): boolean {
  return NOT_NOW.includes(codeOf(error));
}

/** Whether the connection is gone, with which the server has undone what was not committed. */
export function isLost(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return 'syscall' in error || ENDED.test(codeOf(error)) || LOST.test(error.message);
}

/** Why there is no connection, as an error for the user. */
export function connectionError(server: Server, cause: unknown): KilnError {
  const error = queryError(server, cause);
  return error instanceof KilnError ? error : unreadable(server, cause);
}

/** A KilnError where it is the server's trouble; what is wrong with a query is returned as it is. */
export function queryError(server: Server, cause: unknown): unknown {
  if (!(cause instanceof Error) || cause instanceof KilnError) return cause;
  if (codeOf(cause) === LOCK_NOT_AVAILABLE || TIME_OUT.test(cause.message)) {
    return storeError('StoreBusy', { store: server.store, seconds: server.patience }, { cause });
  }
  return isLost(cause) || OF_SERVER.test(codeOf(cause)) ? unreadable(server, cause) : cause;
}

function unreadable(server: Server, cause: unknown): KilnError {
  const message = cause instanceof Error ? cause.message : String(cause);
  // The failures of several addresses of one host are one error without a message.
  const said = message || codeOf(cause);
  const reason = NO_PASSWORD.test(said) ? 'the server asks for a password, and there is none' : said;
  return storeError('StoreUnreadable', { store: server.store, reason }, { cause });
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
