import type { PostgresCursor, PostgresPool, PostgresPoolClient, PostgresQueryResult } from 'kysely';
import pg from 'pg';
import { databaseName } from '../config/database-url.ts';
import { whileBusy } from './patience.ts';
import { connectionError, isLost, isNotNow, queryError, type Server } from './postgres-errors.ts';

/** Of one process. Those of all processes have to fit into the server's `max_connections`. */
const CONNECTIONS = 8;

const CONNECT_WITHIN_SECONDS = 30;

/**
 * Connections to a PostgreSQL database, opened when they are needed. What goes wrong with the server or on the way to it is a KilnError,
 * `StoreBusy` or `StoreUnreadable`, that names the database without the password.
 *
 * @param patience seconds that a statement waits for a lock
 */
export function postgresPool(url: string, patience: number): PostgresPool {
  const server = { store: databaseName(url), patience };
  const pool = new pg.Pool({
    Client: HangingUpClient,
    connectionString: url,
    application_name: 'kiln',
    max: CONNECTIONS,
    keepAlive: true,
    connectionTimeoutMillis: CONNECT_WITHIN_SECONDS * 1000,
    // More than a lock may take, of which the server tells.
    query_timeout: (patience + 30) * 1000,
    types: { getTypeParser },
    onConnect: client => client.query(session(patience)),
  });
  // A connection that is lost while nothing is asked of it is no error yet; the next query tells.
  pool.on('error', () => undefined);
  pool.on('connect', client => client.on('error', () => undefined));
  const connect = async () => {
    try {
      return await whileBusy(server.store, isNotNow, () => pool.connect());
    } catch (error) {
      throw connectionError(server, error);
    }
  };
  return {
    options: pool.options,
    connect: async () => new ReportingClient(server, await connect(), connect),
    end: () => pool.end(),
  };
}

/** A client whose machine is gone without a word is noticed within a minute: until then nobody else could write. */
function session(patience: number): string {
  return [
    `set lock_timeout = '${patience}s'`,
    'set tcp_keepalives_idle = 30',
    'set tcp_keepalives_interval = 10',
    'set tcp_keepalives_count = 3',
  ].join('; ');
}

class HangingUpClient extends pg.Client {
  override connect(): Promise<pg.Client>;
  override connect(callback: (error: Error, client: this) => void): void;
  override connect(callback?: (error: Error, client: this) => void): Promise<pg.Client> | undefined {
    if (callback === undefined) return super.connect();
    super.connect((error: Error) => {
      // `pg` leaves a connection open for which it has no password, until the server gives up after a minute.
      if (error) this.end().catch(() => undefined);
      callback(error, this);
    });
    return undefined;
  }
}

class ReportingClient implements PostgresPoolClient {
  readonly #server: Server;
  readonly #connect: () => Promise<pg.PoolClient>;
  #client: pg.PoolClient;
  #fresh = true;
  #broken = false;
  /** No connection was to be had in place of a lost one. */
  #released = false;

  constructor(server: Server, client: pg.PoolClient, connect: () => Promise<pg.PoolClient>) {
    this.#server = server;
    this.#client = client;
    this.#connect = connect;
  }

  query<R>(sql: string, parameters: readonly unknown[]): Promise<PostgresQueryResult<R>>;
  query<R>(cursor: PostgresCursor<R>): PostgresCursor<R>;
  query(sql: unknown, parameters: readonly unknown[] = []): unknown {
    if (typeof sql !== 'string') throw new Error('Streams of rows are not in use');
    return this.#query(sql, parameters);
  }

  release(destroy?: boolean): void {
    if (!this.#released) this.#client.release(destroy === true || this.#broken);
  }

  async #query(sql: string, parameters: readonly unknown[]): Promise<unknown> {
    const fresh = this.#fresh;
    this.#fresh = false;
    for (let dead = 0; ; dead += 1) {
      try {
        return await this.#client.query(sql, [...parameters]);
      } catch (cause) {
        // The server may have been restarted since the connection was last used, and that of others too. The first query
        // of a use reads or begins a transaction, and can be asked anew.
        if (fresh && dead < CONNECTIONS && isLost(cause)) await this.#replace();
        else throw this.#failure(cause);
      }
    }
  }

  /** @throws KilnError */
  async #replace(): Promise<void> {
    this.#client.release(true);
    this.#released = true;
    this.#client = await this.#connect();
    this.#released = false;
  }

  #failure(cause: unknown): unknown {
    const error = queryError(this.#server, cause);
    // A query that was given up on may still run: nothing more is asked of that connection.
    this.#broken ||= error !== cause;
    return error;
  }
}

/**
 * Whole numbers beyond 32 bits (`bigint`, what is counted or summed up) come as numbers like all others; `pg` alone would leave them text. Sizes in
 * bytes are far below 2^53.
 */
const getTypeParser: typeof pg.types.getTypeParser = (oid: number, format?: 'text' | 'binary') => {
  if (oid === pg.types.builtins.INT8 || oid === pg.types.builtins.NUMERIC) return Number;
  return pg.types.getTypeParser(oid, format as 'text');
};
