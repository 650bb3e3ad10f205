import { chmod, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import BetterSqlite from 'better-sqlite3';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { kilnHome } from '../home/kiln-home.ts';
import { openStore } from './store.ts';

let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'kiln-sqlite-'));
});

afterEach(async () => {
  await rm(root, { recursive: true, force: true });
});

test('the database is durable and shared', async () => {
  const home = kilnHome({ KILN_HOME: root });
  const store = await openStore(home, { regions: {} });
  const file = new BetterSqlite(home.database);
  expect(file.pragma('journal_mode', { simple: true })).toBe('wal');
  file.close();
  await store.close();
});

test('nobody but its owner reads the database and the files beside it, older ones included', async () => {
  const home = kilnHome({ KILN_HOME: root });
  const files = ['', '-wal', '-shm'].map(end => `${home.database}${end}`);
  const modes = () => Promise.all(files.map(async file => ((await stat(file)).mode & 0o777).toString(8)));
  const umask = process.umask(0o022);
  try {
    const first = await openStore(home, { regions: {} });
    expect(await modes()).toEqual(['600', '600', '600']);
    for (const file of files) await chmod(file, 0o644);
    const second = await openStore(home, { regions: {} });
    expect(await modes()).toEqual(['600', '600', '600']);
    await second.close();
    await first.close();
  } finally {
    process.umask(umask);
  }
});

test('a file that is no database is refused', async () => {
  const home = kilnHome({ KILN_HOME: root });
  await writeFile(home.database, 'x'.repeat(5000));
  await expect(openStore(home, { regions: {} })).rejects.toMatchObject({
    code: 'StoreUnreadable',
    message: expect.stringContaining(home.database),
  });
});
