import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { listPublished } from '../../src/galleries/list.ts';
import { kilnHome } from '../../src/home/kiln-home.ts';
import { type TestDatabase, testDatabase } from '../../src/store/database.fixture.ts';
import { sweepStore } from '../../src/store/garbage.ts';
import { openStore, type Store } from '../../src/store/store.ts';

let root: string;
let file: string;
let database: TestDatabase;

beforeEach(async () => {
  root = await mkdtemp('/tmp/kiln-store-');
  database = await testDatabase();
  file = join(root, 'disk');
  await writeFile(file, Buffer.alloc(3_000_000, 7));
});

afterEach(async () => {
  await database[Symbol.asyncDispose]();
  await rm(root, { recursive: true, force: true });
});

function publisher(task: string, from = file, ...more: readonly string[]) {
  const script = join(import.meta.dirname, 'store-process.ts');
  return execa(process.execPath, [script, join(root, 'home'), from, task, ...more], {
    reject: false,
    env: { KILN_DATABASE: database.url },
  });
}

async function withStore<T>(work: (store: Store) => Promise<T>): Promise<T> {
  const store = await openStore(kilnHome({ KILN_HOME: join(root, 'home') }), { regions: {}, database: database.url });
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

async function filesOf(region: string, directory: string): Promise<readonly string[]> {
  return readdir(join(root, 'home', 'regions', region, directory)).catch(() => []);
}

test('processes that make a store and publish to one definition at once all succeed, with different numbers', async () => {
  const files = await Promise.all(
    [1, 2, 3].map(async n => {
      const path = join(root, `disk-${n}`);
      await writeFile(path, Buffer.alloc(100_000, n));
      return path;
    }),
  );
  const results = await Promise.all(files.map(path => publisher('publish-five', path)));
  for (const { exitCode, stderr } of results) expect(exitCode, stderr).toBe(0);
  const versions = results.flatMap(({ stdout }) => stdout.split('\n'));
  const numbers = versions.map(version => Number(version.split('.')[2])).sort((a, b) => a - b);
  expect(numbers).toEqual(Array.from({ length: 15 }, (_, i) => i + 1));
  await withStore(async store => {
    const published = await listPublished(store);
    expect(published).toHaveLength(15);
    for (const { copies } of published) for (const { path } of copies) expect((await stat(path)).size).toBe(100_000);
    expect((await sweepStore(store)).removed).toEqual([]);
  });
  expect(await filesOf('second', 'blobs')).toHaveLength(3);
});

test('a process killed while it copies leaves nothing visible, and the sweep removes the rest', async () => {
  const { signal } = await publisher('die-while-copying');
  expect(signal).toBe('SIGKILL');
  expect(await filesOf('local', 'blobs')).toHaveLength(1);
  expect(await filesOf('second', 'incoming')).toHaveLength(1);
  await withStore(async store => {
    expect(await listPublished(store)).toEqual([]);
    expect((await sweepStore(store)).removed).toHaveLength(2);
    expect(await store.db.selectFrom('gallery_versions').selectAll().execute()).toEqual([]);
    expect(await store.db.selectFrom('blob_pins').selectAll().execute()).toEqual([]);
  });
  expect(await filesOf('local', 'blobs')).toEqual([]);
  expect(await filesOf('second', 'incoming')).toEqual([]);
  // The number that the dead process had taken is given out again.
  expect((await publisher('publish-five')).stdout.split('\n')[0]).toBe('0.0.1');
});

test('a process killed between the file of a blob and its commit has changed nothing once it is swept', async () => {
  const blob = join(root, 'home', 'regions', 'local', 'storage', 'images', 'vhds', 'web.vhd');
  const other = join(root, 'other');
  await writeFile(other, 'other');
  const state = async () => ({ files: await filesOf('local', 'storage/images/vhds'), listed: await published() });
  const published = () => withStore(async store => (await listPublished(store)).map(({ digest }) => digest));
  const dieAndSweep = async () => {
    expect((await publisher('die-before-blob-is-known', other)).signal).toBe('SIGKILL');
    expect(await readFile(blob, 'utf8')).toBe('other');
    await withStore(sweepStore);
    expect(await filesOf('local', 'incoming')).toEqual([]);
  };
  await dieAndSweep();
  expect(await state()).toEqual({ files: [], listed: [] });

  expect((await publisher('publish-blob')).exitCode).toBe(0);
  const before = await state();
  expect(before).toMatchObject({ files: ['web.vhd'], listed: [expect.any(String)] });
  await dieAndSweep();
  expect(await state()).toEqual(before);
  expect((await stat(blob)).size).toBe(3_000_000);

  // What has been published since the death stays.
  const third = join(root, 'third');
  await writeFile(third, 'third');
  expect((await publisher('die-before-blob-is-known', other)).signal).toBe('SIGKILL');
  expect((await publisher('publish-blob', third)).exitCode).toBe(0);
  const after = await state();
  await withStore(sweepStore);
  expect(await state()).toEqual(after);
  expect(await readFile(blob, 'utf8')).toBe('third');
});

test('processes that make the same storage accounts at once, each for its region, make every account in one', async () => {
  const regions = ['local', 'second'];
  const start = String(Date.now() + 1000);
  const results = await Promise.all(
    regions.map(region => publisher('publish-blobs-of-new-accounts', file, region, start)),
  );
  for (const { exitCode, stderr } of results) expect(exitCode, stderr).toBe(0);
  const accounts = (await Promise.all(regions.map(region => filesOf(region, 'storage')))).flat();
  expect(accounts.sort()).toEqual([1, 2, 3, 4, 5, 6, 7, 8].map(n => `account${n}`));
  expect(await withStore(listPublished)).toHaveLength(16);
});

test('a process killed between the file of a VHD and its commit leaves nothing visible', async () => {
  const { signal } = await publisher('die-before-vhd-is-known');
  expect(signal).toBe('SIGKILL');
  expect(await filesOf('local', 'vhds')).toEqual(['half.vhd']);
  await withStore(async store => {
    expect(await listPublished(store)).toEqual([]);
    await sweepStore(store);
  });
  expect(await filesOf('local', 'vhds')).toEqual([]);
});
