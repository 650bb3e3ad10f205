import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sql } from 'kysely';
import { Migrator } from 'kysely/migration';
import { describe, expect, test } from 'vitest';
import { kilnHome } from '../home/kiln-home.ts';
import { ownerName } from '../home/process-lock.ts';
import { blobPath } from './blob-path.ts';
import { putBlob } from './blobs.ts';
import { testDatabase } from './database.fixture.ts';
import { collectGarbage, sweepStore } from './garbage.ts';
import { firstTables } from './migrations/0001-first-tables.ts';
import { pinBlob, releasePins, runHolder, workHolder } from './pins.ts';
import {
  finishRun,
  getRun,
  latestRunOutput,
  listRuns,
  outputsOfRun,
  recordRunOutput,
  removeRun,
  startRun,
} from './runs.ts';
import { storeFixture } from './store.fixture.ts';
import { openDatabase, openStore } from './store.ts';

const signal = new AbortController().signal;
const DEAD = '4194999-5';

describe('opening', () => {
  test('one of an older Kiln is brought up to date with what is in it', async () => {
    await using fixture = await storeFixture();
    await using database = await testDatabase();
    const home = kilnHome({ KILN_HOME: join(fixture.directory, 'older') });
    await mkdir(home.root);
    const old = await openDatabase<Record<string, Record<string, unknown>>>(home.database, database.url);
    const first = { '0001-first-tables': firstTables };
    await new Migrator({ db: old, provider: { getMigrations: async () => first } }).migrateToLatest();
    const resource = { key: '/d', id: '/D', location: 'local', tags: '{}', created_at: '' };
    const definition = { ...resource, gallery_key: '/g', os: 'Linux', os_state: 'Generalized', generation: 'V2' };
    await old.insertInto('image_definitions').values(definition).execute();
    await old.destroy();
    const store = await openStore(home, { regions: {}, database: database.url });
    expect(await store.db.selectFrom('image_definitions').selectAll().execute()).toMatchObject([
      { ...definition, features: '[]', purchase_plan: null },
    ]);
    await store.close();
  });

  test('one made by a newer Kiln is refused', async () => {
    await using fixture = await storeFixture();
    const { store, home, config } = fixture;
    await sql`insert into kysely_migration (name, timestamp) values ('9999-later', '2030')`.execute(store.db);
    await expect(openStore(home, config)).rejects.toMatchObject({ code: 'StoreUnreadable', exit: 3 });
  });
});

describe('rows', () => {
  test('sizes, counts and sums are numbers, and text is in the order of its bytes', async () => {
    await using fixture = await storeFixture();
    const { store } = fixture;
    const size = 2 ** 52 + 1;
    const output = { type: 'VHD' as const, path: '', digest: '', sizeBytes: size, runId: 'r' };
    const names = ['Zoo', '_a', 'a', 'a-b', 'a.b', 'ab', 'é', '\u{1f600}'];
    await store.write(async trx => {
      for (const name of names.toReversed()) await recordRunOutput(trx, { ...output, name });
    });
    const rows = await store.db.selectFrom('run_outputs').select(['name', 'size_bytes']).orderBy('name').execute();
    expect(rows).toEqual(names.map(name => ({ name, size_bytes: size })));
    const after = store.db.selectFrom('run_outputs').select('name').where('name', '>', 'a-b').orderBy('name');
    expect(await after.limit(2).execute()).toEqual([{ name: 'a.b' }, { name: 'ab' }]);
    const totals = store.db
      .selectFrom('run_outputs')
      .where('name', '<', 'a')
      .select(({ fn }) => [fn.countAll().as('count'), fn.sum('size_bytes').as('sum')]);
    expect(await totals.executeTakeFirst()).toEqual({ count: 2, sum: 2 * size });
  });

  test('a write that fails changes nothing, and those that wait for it go on', async () => {
    await using fixture = await storeFixture();
    const { store } = fixture;
    const run = (id: string) => ({ id, templateName: 't', startedAt: '2026-01-01T00:00:00Z', owner: '1-1' });
    const group = { group_key: '/g', holder: 'run:x', created: 1 };
    const failing = store.write(async trx => {
      await trx.insertInto('blob_pins').values({ holder: 'run:x', region: 'r', digest: 'd' }).execute();
      throw new Error('in the middle');
    });
    // More at once than there are connections.
    const others = Array.from({ length: 30 }, (_, i) => startRun(store, run(`r${i}`)));
    await expect(failing).rejects.toThrow('in the middle');
    await Promise.all(others);
    const twice = store.write(trx => trx.insertInto('staging_groups').values([group, group]).execute());
    await expect(twice).rejects.toThrow(/unique/i);
    expect(await store.db.selectFrom('staging_groups').selectAll().execute()).toEqual([]);
    expect(await store.db.selectFrom('blob_pins').selectAll().execute()).toEqual([]);
    expect(await listRuns(store)).toHaveLength(30);
  });
});

describe('blobs', () => {
  test('a blob is stored once, read-only, under its digest', async () => {
    await using fixture = await storeFixture();
    const { store } = fixture;
    const file = await fixture.file('content');
    const options = { signal, takeOver: false, holder: workHolder() };
    const path = await putBlob(store, 'local', file, options);
    expect(path).toBe(blobPath(store, 'local', file.digest));
    expect(path).not.toContain(':');
    expect(await readFile(path, 'utf8')).toBe('content');
    const { mode, ino } = await stat(path);
    expect(mode & 0o777).toBe(0o444);
    await putBlob(store, 'local', file, options);
    expect((await stat(path)).ino).toBe(ino);
    expect(await readdir(store.region('local').incoming)).toEqual([]);
  });

  test('a file that does not have its digest is not stored', async () => {
    await using fixture = await storeFixture();
    const file = await fixture.file('content');
    await writeFile(file.path, 'changed');
    const put = putBlob(fixture.store, 'local', file, { signal, takeOver: false, holder: workHolder() });
    await expect(put).rejects.toMatchObject({ code: 'DiskChanged' });
    expect(await readdir(fixture.store.region('local').blobs)).toEqual([]);
    expect(await readdir(fixture.store.region('local').incoming)).toEqual([]);
  });

  test('a file that nobody else needs is taken over without a copy', async () => {
    await using fixture = await storeFixture();
    const file = await fixture.file('content');
    const { ino } = await stat(file.path);
    const path = await putBlob(fixture.store, 'local', file, { signal, takeOver: true, holder: workHolder() });
    expect((await stat(path)).ino).toBe(ino);
  });

  test('an aborted put leaves nothing', async () => {
    await using fixture = await storeFixture();
    const file = await fixture.file('content');
    const options = { signal: AbortSignal.abort(new Error('stop')), takeOver: true, holder: workHolder() };
    await expect(putBlob(fixture.store, 'local', file, options)).rejects.toThrow('stop');
    expect(await readdir(fixture.store.region('local').blobs)).toEqual([]);
    expect(await readdir(fixture.store.region('local').incoming)).toEqual([]);
  });
});

describe('garbage', () => {
  test('a blob lives as long as a live process or a run holds it', async () => {
    await using fixture = await storeFixture();
    const { store } = fixture;
    const file = await fixture.file('content');
    const holder = workHolder();
    const path = await putBlob(store, 'local', file, { signal, takeOver: false, holder });
    expect((await collectGarbage(store)).removed).toEqual([]);
    const blob = { region: 'local', digest: file.digest };
    await store.write(trx => pinBlob(trx, blob, runHolder('r1')));
    await releasePins(store, holder);
    expect((await collectGarbage(store)).removed).toEqual([]);
    await releasePins(store, runHolder('r1'));
    // That of a process of another machine, about which only that machine knows.
    await store.write(trx => pinBlob(trx, blob, `${DEAD}@0123abcd-abc`));
    expect((await collectGarbage(store)).removed).toEqual([]);
    await releasePins(store, `${DEAD}@0123abcd-abc`);
    await store.write(trx => pinBlob(trx, blob, `${DEAD}-abc`));
    expect((await collectGarbage(store)).removed).toEqual([path]);
    expect(await store.db.selectFrom('blob_pins').selectAll().execute()).toEqual([]);
  });

  test('a directory that is no region is left alone', async () => {
    await using fixture = await storeFixture();
    const { store } = fixture;
    const file = await fixture.file('content');
    await putBlob(store, 'local', file, { signal, takeOver: false, holder: workHolder() });
    await mkdir(join(fixture.directory, 'home', 'regions', 'Lo cal', 'blobs'), { recursive: true });
    expect(await store.regions()).toEqual(['local']);
    expect((await collectGarbage(store)).removed).toEqual([]);
  });

  test('two regions in one directory do not collect from each other', async () => {
    await using fixture = await storeFixture();
    const shared = join(fixture.directory, 'shared');
    const store = await openStore(fixture.home, { ...fixture.config, regions: { east: shared, west: shared } });
    const file = await fixture.file('content');
    await putBlob(store, 'east', file, { signal, takeOver: false, holder: workHolder() });
    expect((await collectGarbage(store)).removed).toEqual([]);
    await store.close();
  });

  test('the sweep removes what dead processes left and touches nothing of live ones', async () => {
    await using fixture = await storeFixture();
    const { store } = fixture;
    const { incoming, vhds } = store.region('local');
    await mkdir(incoming, { recursive: true });
    await mkdir(vhds, { recursive: true });
    const [dead, alive] = [join(incoming, `${DEAD}-aa`), join(incoming, `${ownerName()}-bb`)];
    await writeFile(dead, '');
    await writeFile(alive, '');
    const row = {
      region: 'local',
      run_output_name: 'o',
      status: 'Publishing' as const,
      os: 'Linux' as const,
      generation: 'V2' as const,
      digest: 'd',
      size_bytes: 1,
      virtual_size_bytes: 1,
      source_digest: 's',
      source_name: 's',
      run_id: 'r',
      tags: '{}',
      published_at: '',
    };
    await store.write(async trx => {
      await trx
        .insertInto('vhds')
        .values({ ...row, name: 'dead.vhd', owner: DEAD })
        .execute();
      await trx
        .insertInto('vhds')
        .values({ ...row, name: 'alive.vhd', owner: ownerName() })
        .execute();
    });
    for (const name of ['dead.vhd', 'alive.vhd', 'of-a-user.vhd']) await writeFile(join(vhds, name), '');
    expect([...(await sweepStore(store)).removed].sort()).toEqual([dead, join(vhds, 'dead.vhd')].sort());
    expect(await readdir(incoming)).toEqual([`${ownerName()}-bb`]);
    expect((await readdir(vhds)).sort()).toEqual(['alive.vhd', 'of-a-user.vhd']);
  });
});

describe('runs', () => {
  test('a run and its outputs are found by run, and by template and name', async () => {
    await using fixture = await storeFixture();
    const { store } = fixture;
    const output = { name: 'web', type: 'VHD' as const, path: '/p', digest: 'd', sizeBytes: 5 };
    for (const [id, templateName] of [
      ['r1', 'a'],
      ['r2', 'a'],
      ['r3', 'b'],
    ] as const) {
      await startRun(store, { id, templateName, startedAt: `2026-01-0${id.slice(1)}T00:00:00Z`, owner: '1-1' });
      await store.write(trx => recordRunOutput(trx, { ...output, runId: id, artifactUri: `file:///${id}` }));
      // The newest is found by time, which has milliseconds.
      await new Promise(resolve => setTimeout(resolve, 3));
    }
    const result = { runOutputs: [1] };
    await finishRun(store, 'r2', { status: 'Succeeded', endedAt: '2026-01-02T01:00:00Z', result });
    expect(await getRun(store, 'r2')).toMatchObject({
      id: 'r2',
      templateName: 'a',
      status: 'Succeeded',
      startedAt: '2026-01-02T00:00:00Z',
      endedAt: '2026-01-02T01:00:00Z',
      result,
    });
    expect((await listRuns(store)).map(run => run.id)).toEqual(['r3', 'r2', 'r1']);
    expect(await outputsOfRun(store, 'r1')).toEqual([{ ...output, runId: 'r1', artifactUri: 'file:///r1' }]);
    expect((await latestRunOutput(store, 'web', 'a'))?.runId).toBe('r2');
    expect((await latestRunOutput(store, 'web'))?.runId).toBe('r3');
    await removeRun(store, 'r3');
    expect((await latestRunOutput(store, 'web'))?.runId).toBe('r2');
    expect(await getRun(store, 'r3')).toBeUndefined();
  });
});
