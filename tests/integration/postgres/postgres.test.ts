import { once } from 'node:events';
import { createServer } from 'node:net';
import { CompiledQuery, type Kysely, sql } from 'kysely';
import { expect, test } from 'vitest';
import { checkDatabase } from '../../../src/cli/doctor/database.ts';
import { patientOf } from '../../../src/cli/doctor.ts';
import { parseSiteConfig } from '../../../src/config/site-config.ts';
import { KilnError } from '../../../src/errors/kiln-error.ts';
import { kilnHome } from '../../../src/home/kiln-home.ts';
import { testDatabase } from '../../../src/store/database.fixture.ts';
import { openPostgres } from '../../../src/store/postgres.ts';
import { claimDatabase } from '../../../src/store/service-claim.ts';
import { storeFixture } from '../../../src/store/store.fixture.ts';
import { openStore } from '../../../src/store/store.ts';

const HOME = kilnHome({ KILN_HOME: '/nowhere' });
const PIN = { holder: 'run:r', region: 'local', digest: 'd' };

async function failure(work: Promise<unknown>): Promise<KilnError> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof KilnError) return error;
  throw new Error('no error for the user', { cause: error });
}

/** Ends all other connections to the database, as a restart of the server would. */
async function cutOff(url: string | undefined): Promise<void> {
  const db = openPostgres<unknown>(url ?? '');
  const statement =
    'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()';
  await db.executeQuery(CompiledQuery.raw(statement));
  await db.destroy();
}

test('many that open a new database at once all find its tables', async () => {
  await using database = await testDatabase();
  const config = { regions: {}, database: database.url };
  const stores = await Promise.all(Array.from({ length: 8 }, () => openStore(HOME, config)));
  for (const store of stores) expect(await store.db.selectFrom('runs').selectAll().execute()).toEqual([]);
  await Promise.all(stores.map(store => store.close()));
});

test('a database has one service at a time', async () => {
  await using database = await testDatabase();
  const url = database.url ?? '';
  const release = await claimDatabase(url);
  expect(release).toBeDefined();
  expect(await claimDatabase(url)).toBeUndefined();
  await release?.();
  const next = await claimDatabase(url);
  expect(next).toBeDefined();
  await next?.();
});

test('a writer who waits too long says for which database, and can write when the other is done', async () => {
  await using database = await testDatabase();
  const url = database.url ?? '';
  const [first, second] = [openPostgres<unknown>(url), openPostgres<unknown>(url, 1)];
  const write = (db: Kysely<unknown>, work: () => Promise<void>) => db.transaction().execute(work);
  const busy = await write(first, async () => {
    const error = await failure(write(second, async () => undefined));
    // Those who only read are not kept waiting.
    await second.executeQuery(CompiledQuery.raw('select 1'));
    return Promise.reject(error);
  }).catch((error: unknown) => error);
  expect(busy).toMatchObject({ code: 'StoreBusy', message: expect.stringContaining(new URL(url).pathname) });
  expect(String(busy)).not.toContain(new URL(url).password);
  await write(second, async () => undefined);
  await Promise.all([first.destroy(), second.destroy()]);
});

test('a connection that is lost within a write undoes it and is said, and the next write has a new one', async () => {
  await using fixture = await storeFixture();
  const { store, config } = fixture;
  const lost = await failure(
    store.write(async trx => {
      await trx.insertInto('blob_pins').values(PIN).execute();
      await cutOff(config.database);
      await trx
        .insertInto('blob_pins')
        .values({ ...PIN, digest: 'e' })
        .execute();
    }),
  );
  expect(lost.code).toBe('StoreUnreadable');
  expect(lost.message).toContain(new URL(config.database ?? '').pathname);
  await store.write(trx =>
    trx
      .insertInto('blob_pins')
      .values({ ...PIN, digest: 'f' })
      .execute(),
  );
  // As many as there are connections are open, and all are lost while nobody uses them.
  await Promise.all(Array.from({ length: 8 }, () => sql`select pg_sleep(0.1)`.execute(store.db)));
  await cutOff(config.database);
  expect(await store.db.selectFrom('blob_pins').selectAll().execute()).toEqual([{ ...PIN, digest: 'f' }]);
});

test.each([
  [
    'a password that is not the right one',
    (url: URL) => Object.assign(url, { password: 'S3same' }),
    /password authentication failed/,
  ],
  ['no password', (url: URL) => Object.assign(url, { password: '' }), /asks for a password, and there is none/],
  [
    'a database that is not there',
    (url: URL) => Object.assign(url, { pathname: '/nothing' }),
    /"nothing" does not exist/,
  ],
  ['a socket that is not there', (url: URL) => new URL(`${url.href.split('?')[0]}?host=/nowhere`), /ENOENT/],
])('%s is an error that says what was tried, without the password', async (_, change, reason) => {
  await using database = await testDatabase();
  const url = change(new URL(database.url ?? ''));
  const error = await failure(openStore(HOME, { regions: {}, database: url.href }));
  expect(error).toMatchObject({ code: 'StoreUnreadable', exit: 3, message: expect.stringMatching(reason) });
  expect(error.message).toContain(url.pathname);
  expect(error.message).not.toContain(url.password || 'S3same');
});

test('a host that refuses the connection is named with its port', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  await new Promise(resolve => server.close(resolve));
  const url = `postgres://kiln:S3same@127.0.0.1:${port}/kiln`;
  const error = await failure(openStore(HOME, { regions: {}, database: url }));
  expect(error).toMatchObject({ code: 'StoreUnreadable', message: expect.stringContaining('ECONNREFUSED') });
  expect(error.message).toContain(`postgres://127.0.0.1:${port}/kiln`);
  expect(error.message).not.toContain('S3same');
});

test('doctor says which database there is, whether it can be used, and what to do, without the password', async () => {
  await using database = await testDatabase();
  const url = new URL(database.url ?? '');
  const look = async (at = url.href) => checkDatabase(patientOf(HOME, { ...parseSiteConfig('', ''), database: at }));
  expect(await look()).toMatchObject({ ok: 'ok', found: expect.stringMatching(/^PostgreSQL 1\d\..*still empty$/) });
  const store = await openStore(HOME, { regions: {}, database: url.href });
  expect(await look()).toMatchObject({ ok: 'ok', found: expect.stringContaining(url.pathname), mend: '' });
  await sql`alter role current_user in database ${sql.id(url.pathname.slice(1))} set synchronous_commit = off`.execute(
    store.db,
  );
  expect(await look()).toMatchObject({ ok: 'warning', found: expect.stringContaining('synchronous_commit is off') });
  await sql`insert into kysely_migration (name, timestamp) values ('9999-later', '2030')`.execute(store.db);
  expect(await look()).toMatchObject({ ok: 'missing', mend: 'Use that Kiln.' });
  await store.close();
  const refused = await look(Object.assign(new URL(url), { password: 'S3same' }).href);
  expect(refused).toMatchObject({ ok: 'missing', found: expect.stringContaining('authentication failed') });
  expect(JSON.stringify(refused)).not.toContain('S3same');
});
