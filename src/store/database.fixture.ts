import { randomBytes } from 'node:crypto';
import pg from 'pg';

export interface TestDatabase extends AsyncDisposable {
  /** Of a PostgreSQL database; `undefined` for SQLite in the home. */
  readonly url: string | undefined;
}

/** A new database on the PostgreSQL server that `KILN_TEST_POSTGRES` names, dropped at the end of the test. Without a server there is none. */
export async function testDatabase(): Promise<TestDatabase> {
  const server = process.env['KILN_TEST_POSTGRES'];
  if (server === undefined) return { url: undefined, [Symbol.asyncDispose]: async () => undefined };
  const name = `kiln_${randomBytes(8).toString('hex')}`;
  await onServer(server, `create database ${name}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return { url: url.href, [Symbol.asyncDispose]: () => onServer(server, `drop database ${name} with (force)`) };
}

async function onServer(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
