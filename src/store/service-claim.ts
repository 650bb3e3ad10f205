import pg from 'pg';
import { databaseName } from '../config/database-url.ts';
import { connectionError } from './postgres-errors.ts';

/** The lock of the one service of a database; see `WRITERS` in `postgres.ts`. */
const SERVICE = 0x6b696c6f;

/**
 * Makes this process the one service of a PostgreSQL database, until it lets go or its connection ends. Services share no work yet: each
 * would go on with what the other has begun.
 *
 * @returns how to let go; `undefined` when another process has it
 * @throws KilnError `StoreUnreadable`
 */
export async function claimDatabase(url: string): Promise<(() => Promise<void>) | undefined> {
  const client = new pg.Client({ connectionString: url, application_name: 'kiln serve', keepAlive: true });
  // A lost connection is told by the store's own.
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ got: boolean }>(`select pg_try_advisory_lock(${SERVICE}) as got`);
    if (rows[0]?.got === true) return () => client.end();
  } catch (error) {
    await client.end().catch(() => undefined);
    throw connectionError({ store: databaseName(url), patience: 0 }, error);
  }
  await client.end();
  return undefined;
}
