import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { claimRun, SILENCE_MS } from '../store/run-queue.ts';
import { getRun } from '../store/runs.ts';
import { type StoreFixture, storeFixture } from '../store/store.fixture.ts';
import { HostQueue } from './host-queue.ts';
import { acceptedRun } from './run.fixture.ts';

let fixture: StoreFixture;
beforeEach(async () => {
  fixture = await storeFixture();
});
afterEach(async () => {
  vi.restoreAllMocks();
  await fixture[Symbol.asyncDispose]();
});

function newQueue(): HostQueue {
  const { store, home } = fixture;
  const log = (message: string, cause?: unknown) => {
    if (cause !== undefined) throw new Error(message, { cause });
  };
  return new HostQueue({ services: { store, home, releaseSource: async () => undefined }, log, pollMs: 10 });
}

test('runs have the order in which they were accepted when the clock is put back, and by the next service', async () => {
  const { store } = fixture;
  const accept = (name: string) => store.write(trx => newQueue().accept(trx, acceptedRun(name)));
  const now = Date.now();
  const ids: string[] = [];
  for (const [name, clock] of [
    ['a', now],
    ['b', now - 3_600_000],
    ['c', now - 7_200_000],
    ['a', now - 7_200_000],
  ] as const) {
    vi.spyOn(Date, 'now').mockReturnValue(clock);
    ids.push(await accept(name));
  }
  vi.restoreAllMocks();
  const positions = await newQueue().positions();
  expect(ids.map(id => positions.get(id))).toEqual([0, 1, 2, 3]);
});

test('a run whose machine is gone can be canceled', async () => {
  const { store } = fixture;
  const queue = newQueue();
  const id = await store.write(trx => queue.accept(trx, acceptedRun('web')));
  await claimRun(store, id, '1-1@00000000');
  await store.write(trx => queue.cancel(trx, id));
  expect(await getRun(store, id)).toMatchObject({ status: 'Running', cancelRequested: true });
  const heartbeat_at = new Date(Date.now() - SILENCE_MS - 60_000).toISOString();
  await store.write(trx => trx.updateTable('runs').set({ heartbeat_at }).where('id', '=', id).execute());
  queue.start();
  await expect.poll(async () => (await getRun(store, id))?.status).toBe('Canceled');
  await queue.stop('finish');
});
