import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { storeFixture } from './store.fixture.ts';
import { openStore, type Store } from './store.ts';

async function addGroup(store: Store, name: string): Promise<void> {
  const row = { key: name, id: name, location: 'local', tags: '{}', created_at: '' };
  const group = { ...row, provisioning_state: 'Succeeded' as const };
  await store.write(trx => trx.insertInto('resource_groups').values(group).execute());
}

test('a commit is seen at once by the store that made it, and soon by another', async context => {
  await using fixture = await storeFixture();
  const { store, home, config } = fixture;
  const { dataVersion } = store;
  if (dataVersion === undefined) return context.skip('not told by PostgreSQL');
  const other = await openStore(home, config);
  try {
    const before = dataVersion();
    const seen = other.dataVersion?.();
    expect(dataVersion()).toBe(before);
    await addGroup(store, 'g1');
    const after = dataVersion();
    expect(after).not.toBe(before);
    await sleep(10);
    expect(other.dataVersion?.()).not.toBe(seen);
    await addGroup(other, 'g2');
    await sleep(10);
    expect(dataVersion()).not.toBe(after);
  } finally {
    await other.close();
  }
});
