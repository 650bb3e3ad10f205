import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { putBlob } from './blobs.ts';
import { sweepStore } from './garbage.ts';
import { workHolder } from './pins.ts';
import { type StoreFixture, storeFixture } from './store.fixture.ts';
import { openStore, type Store } from './store.ts';

async function put(fixture: StoreFixture, store: Store, holder = workHolder()): Promise<string> {
  const { signal } = new AbortController();
  return putBlob(store, 'local', await fixture.file(holder), { signal, takeOver: false, holder });
}

test('a store removes nothing of a region that another store made, and puts nothing there', async () => {
  await using first = await storeFixture();
  await using second = await storeFixture();
  await put(first, first.store);
  const { blobs } = first.store.region('local');
  const mapped = { ...second.config, regions: { local: join(first.home.regions, 'local') } };
  const other = await openStore(second.home, mapped);
  try {
    expect(await sweepStore(other)).toEqual({ removed: [], foreign: ['local'] });
    await expect(put(second, other)).rejects.toMatchObject({ code: 'RegionOfAnotherStore' });
    expect(await readdir(blobs)).toHaveLength(1);
  } finally {
    await other.close();
  }
});

test('blobs in a directory without a mark are those of the store that refers to one of them, and nobody else removes them', async () => {
  await using fixture = await storeFixture();
  const { store } = fixture;
  const { blobs } = store.region('local');
  await mkdir(blobs, { recursive: true });
  const stray = join(blobs, `kdt1-${'0'.repeat(64)}`);
  await writeFile(stray, 'of a database that is lost');
  expect((await sweepStore(store)).foreign).toEqual(['local']);
  expect(await readdir(blobs)).toHaveLength(1);
});

test('what is no blob by its name stays', async () => {
  await using fixture = await storeFixture();
  const { store } = fixture;
  await put(fixture, store, '1-1-dead');
  const { blobs } = store.region('local');
  await mkdir(join(blobs, 'lost+found'));
  expect((await sweepStore(store)).removed).toHaveLength(1);
  expect(await readdir(blobs)).toEqual(['lost+found']);
});
