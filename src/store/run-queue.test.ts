import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { claimRun, endedRuns, listAcceptedRuns, runningRuns, runsInQueue } from './run-queue.ts';
import { acceptRun, endRun, recordRunOutput, requestCancel, requeueRun, startRun } from './runs.ts';
import { type StoreFixture, storeFixture } from './store.fixture.ts';

const OTHER = '/subscriptions/s-2/resourcegroups/rg/t';
const TEMPLATE = '/subscriptions/s/resourcegroups/rg/t';

let fixture: StoreFixture;
beforeEach(async () => {
  fixture = await storeFixture();
});
afterEach(() => fixture[Symbol.asyncDispose]());

async function accept(id: string, second: number, templateKey = TEMPLATE): Promise<void> {
  const acceptedAt = `2026-11-21T12:00:0${second}.000Z`;
  const ids = { operationId: randomUUID(), correlationId: randomUUID() };
  const run = { ...ids, id, templateKey, templateName: 't', acceptedAt, request: {}, cpus: 2, memoryMiB: 1024 };
  await fixture.store.write(trx => acceptRun(trx, run));
}

test('one process takes a run, unless its end was asked for; one that gives it back puts it to its old place', async () => {
  const { store } = fixture;
  await accept('first', 1);
  await accept('second', 2);
  const claims = await Promise.all(['1-1', '2-2', '3-3'].map(owner => claimRun(store, 'first', owner)));
  expect(claims.filter(claimed => claimed)).toHaveLength(1);
  await store.write(trx => requestCancel(trx, 'second'));
  expect(await claimRun(store, 'second', '1-1')).toBe(false);
  expect(await claimRun(store, 'nonesuch', '1-1')).toBe(false);

  const owner = `${claims.indexOf(true) + 1}-${claims.indexOf(true) + 1}`;
  expect(await runningRuns(store.db)).toMatchObject([{ id: 'first', owner }]);
  expect(await runsInQueue(store.db)).toMatchObject([
    { id: 'first', status: 'Running', owner, cpus: 2, memoryMiB: 1024, cancelRequested: false },
    { id: 'second', status: 'Queued', owner: undefined, cancelRequested: true },
  ]);
  expect(await requeueRun(store, 'first', owner)).toBe(true);
  expect((await runsInQueue(store.db)).map(({ id, status }) => [id, status])).toEqual([
    ['first', 'Queued'],
    ['second', 'Queued'],
  ]);
});

test('lists accepted runs by template and subscription, the last first, in pages', async () => {
  const { store } = fixture;
  for (const [id, second, key] of [
    ['a', 1, TEMPLATE],
    ['b', 2, OTHER],
    ['c', 3, TEMPLATE],
    ['d', 3, TEMPLATE],
  ] as const) {
    await accept(id, second, key);
  }
  // One of the command line, which nobody accepted.
  await startRun(store, { id: 'own', templateName: 't', startedAt: '2026-11-21T12:00:00.000Z', owner: '1-1' });
  const ids = async (query: Omit<Parameters<typeof listAcceptedRuns>[1], 'limit'>, limit = 9) =>
    (await listAcceptedRuns(store.db, { ...query, limit })).map(({ id }) => id);
  expect(await ids({})).toEqual(['c', 'd', 'b', 'a']);
  expect(await ids({ templateKey: TEMPLATE }, 2)).toEqual(['c', 'd']);
  expect(await ids({ subscription: 's' })).toEqual(['c', 'd', 'a']);
  expect(await ids({ subscription: 's-2' })).toEqual(['b']);
  expect(await ids({ after: { acceptedAt: '2026-11-21T12:00:03.000Z', id: 'c' } })).toEqual(['d', 'b', 'a']);

  await store.write(async trx => {
    const output = { name: 'o', type: 'VHD', path: '/x', digest: 'kdt1:1', sizeBytes: 1 } as const;
    await recordRunOutput(trx, { ...output, runId: 'a' });
    for (const id of ['a', 'c'])
      await endRun(trx, id, { status: 'Failed', endedAt: '2026-11-22T00:00:00.000Z', result: {} });
  });
  expect(await endedRuns(store.db)).toMatchObject([
    { id: 'c', hasOutputs: false, templateExists: false, templateKey: TEMPLATE },
    { id: 'a', hasOutputs: true, endedAt: '2026-11-22T00:00:00.000Z' },
  ]);
});
