import { mkdtemp, rm, writeFile } from 'node:fs/promises';
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

test('a file that is no database is refused', async () => {
  const home = kilnHome({ KILN_HOME: root });
  await writeFile(home.database, 'x'.repeat(5000));
  await expect(openStore(home, { regions: {} })).rejects.toMatchObject({
    code: 'StoreUnreadable',
    message: expect.stringContaining(home.database),
  });
});
