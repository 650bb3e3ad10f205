import { once } from 'node:events';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { type StoreFixture, storeFixture } from '../../src/store/store.fixture.ts';

const HOLDER = 'run:counter';

function start(fixture: StoreFixture, task: string) {
  const script = join(import.meta.dirname, 'store-writers-process.ts');
  const env = { KILN_DATABASE: fixture.config.database };
  return execa(process.execPath, [script, fixture.home.root, task], { reject: false, env });
}

async function countedFrom(fixture: StoreFixture, count: number): Promise<void> {
  const row = { holder: HOLDER, region: 'local', digest: String(count) };
  await fixture.store.write(trx => trx.insertInto('blob_pins').values(row).execute());
}

async function counted({ store }: StoreFixture): Promise<number> {
  const rows = await store.db.selectFrom('blob_pins').select('digest').where('holder', '=', HOLDER).execute();
  return Number(rows[0]?.digest);
}

test('processes that read and then write at once lose no update', async () => {
  await using fixture = await storeFixture();
  await countedFrom(fixture, 0);
  for (const { exitCode, stderr } of await Promise.all([1, 2, 3, 4].map(() => start(fixture, 'count')))) {
    expect(exitCode, stderr).toBe(0);
  }
  expect(await counted(fixture)).toBe(800);
});

test('a process killed within a write has written nothing, and the next write goes ahead at once', async () => {
  await using fixture = await storeFixture();
  await countedFrom(fixture, 5);
  const process = start(fixture, 'stay');
  await once(process.stdout, 'data');
  expect(await counted(fixture)).toBe(5);
  process.kill('SIGKILL');
  expect((await process).signal).toBe('SIGKILL');
  const before = performance.now();
  await fixture.store.write(trx =>
    trx.updateTable('blob_pins').set({ region: 'other' }).where('holder', '=', HOLDER).execute(),
  );
  expect(performance.now() - before).toBeLessThan(5000);
  expect(await counted(fixture)).toBe(5);
});
