import { expect, test } from 'vitest';
import { storeFixture } from './store.fixture.ts';
import type { Store } from './store.ts';

function addGroup(store: Store, name: string): Promise<unknown> {
  const id = `/subscriptions/s/resourceGroups/${name}`;
  const row = { key: id.toLowerCase(), id, location: 'local', tags: '{}', created_at: '' };
  return store.write(trx =>
    trx
      .insertInto('resource_groups')
      .values({ ...row, provisioning_state: 'Succeeded' })
      .execute(),
  );
}

async function groups({ db }: Store): Promise<readonly string[]> {
  const rows = await db.selectFrom('resource_groups').select('id').orderBy('id').execute();
  return rows.map(({ id }) => id.split('/').at(-1) ?? '');
}

test('a rehearsal sees what was there and what it does; nothing of it stays, however it ends', async () => {
  await using fixture = await storeFixture();
  const { store } = fixture;
  await addGroup(store, 'a');
  const seen = await store.rehearse(async rehearsal => {
    await addGroup(rehearsal, 'b');
    await rehearsal.rehearse(within => addGroup(within, 'c'));
    return groups(rehearsal);
  });
  expect(seen).toEqual(['a', 'b', 'c']);
  expect(await groups(store)).toEqual(['a']);
  const failing = store.rehearse(async rehearsal => {
    await addGroup(rehearsal, 'b');
    throw new Error('in the middle');
  });
  await expect(failing).rejects.toThrow('in the middle');
  await expect(store.rehearse(rehearsal => addGroup(rehearsal, 'a'))).rejects.toThrow();
  expect(await groups(store)).toEqual(['a']);
});

test('who writes meanwhile waits for the end of the rehearsal, and what is written stays', async () => {
  await using fixture = await storeFixture();
  const { store } = fixture;
  await Promise.all([
    store.rehearse(rehearsal => addGroup(rehearsal, 'b')),
    addGroup(store, 'b'),
    addGroup(store, 'c'),
  ]);
  expect(await groups(store)).toEqual(['b', 'c']);
});
