import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ownerName } from '../home/process-lock.ts';
import { beginOperation, findOperation } from './operations.ts';
import { insertResource } from './resources.ts';
import { acceptanceTime, claimRun, isAbandoned, noteHeartbeat, SILENCE_MS } from './run-queue.ts';
import { acceptRun, endRun, finishRun, getRun, lastRuns, noteStage, requeueRun, startRun } from './runs.ts';
import { type StoreFixture, storeFixture } from './store.fixture.ts';

const ID = '/subscriptions/s/resourceGroups/rg/providers/Microsoft.VirtualMachineImages/imageTemplates/t';
const KEY = ID.toLowerCase();
const [HERE, OTHER, ELSEWHERE] = ['1-1', '2-2', '1-1@00000000'];

let fixture: StoreFixture;
beforeEach(async () => {
  fixture = await storeFixture();
});
afterEach(() => fixture[Symbol.asyncDispose]());

/** Accepts a run; returns the id of its operation. */
async function accept(id: string, acceptedAt: string): Promise<string> {
  const operationId = randomUUID().toUpperCase();
  await fixture.store.write(async trx => {
    const about = { targetKey: KEY, subscription: 's', location: 'local', input: {}, correlationId: randomUUID() };
    await beginOperation(trx, { ...about, kind: 'run', id: operationId });
    const run = { id, operationId, templateKey: KEY, templateName: 't', acceptedAt, correlationId: randomUUID() };
    await acceptRun(trx, { ...run, request: {}, cpus: 1, memoryMiB: 1 });
  });
  return operationId;
}

function end(status: 'Succeeded' | 'Failed') {
  return { status, endedAt: '2026-11-21T13:00:00.000Z', result: { error: null } };
}

test('what ends or begins a run changes nothing of one that has ended, or that another process has', async () => {
  const { store } = fixture;
  const operationId = await accept('a', '2026-11-21T12:00:00.000Z');
  expect(await claimRun(store, 'a', HERE)).toBe(true);
  expect(await noteHeartbeat(store, 'a', HERE)).toBe(true);
  const start = { id: 'a', templateName: 't', startedAt: '2026-11-21T12:30:00.000Z' };
  const byOther = [
    await noteHeartbeat(store, 'a', OTHER),
    await startRun(store, { ...start, owner: OTHER }),
    await requeueRun(store, 'a', OTHER),
    await finishRun(store, 'a', { ...end('Succeeded'), owner: OTHER }),
  ];
  await noteStage(store, 'a', 'boot', OTHER);
  expect(byOther).toEqual([false, false, false, false]);
  expect(await getRun(store, 'a')).toMatchObject({ status: 'Running', owner: HERE, stage: undefined });
  expect(await startRun(store, { ...start, owner: HERE })).toBe(true);

  expect(await store.write(trx => endRun(trx, 'a', end('Failed')))).toBe(true);
  const late = [
    await noteHeartbeat(store, 'a', HERE),
    await startRun(store, { ...start, owner: HERE }),
    await requeueRun(store, 'a', HERE),
    await finishRun(store, 'a', { ...end('Succeeded'), owner: HERE }),
    await store.write(trx => endRun(trx, 'a', end('Succeeded'))),
  ];
  expect(late).toEqual([false, false, false, false, false]);
  expect(await getRun(store, 'a')).toMatchObject({ status: 'Failed' });
  expect(await findOperation(store.db, operationId)).toMatchObject({ status: 'Failed' });
});

test('a clock that is put back changes neither the order of acceptance nor which run is the one of its template', async () => {
  const { store } = fixture;
  const own = {
    parentKey: undefined,
    location: 'local',
    tags: {},
    body: {},
    internal: {},
    provisioningState: 'Succeeded',
  };
  const resource = await store.write(trx =>
    insertResource(trx, {
      ...own,
      id: ID,
      type: 'Microsoft.VirtualMachineImages/imageTemplates',
      createdBy: undefined,
    }),
  );
  const created = Date.parse(resource.createdAt);
  const at = (minutes: number) => new Date(created + minutes * 60_000).toISOString();
  expect(await acceptanceTime(store.db, KEY, created - 1)).toBe(resource.createdAt);
  expect(await acceptanceTime(store.db, KEY, created + 60_000)).toBe(at(1));

  await accept('first', at(30));
  expect(await acceptanceTime(store.db, KEY, created)).toBe(new Date(created + 30 * 60_000 + 1).toISOString());
  expect(await acceptanceTime(store.db, `${KEY}-2`, created)).toBe(new Date(created + 30 * 60_000 + 1).toISOString());
  await store.write(trx => endRun(trx, 'first', end('Succeeded')));
  expect(await acceptanceTime(store.db, KEY, created)).toBe(new Date(created + 30 * 60_000 + 1).toISOString());
  expect(await acceptanceTime(store.db, `${KEY}-2`, created)).toBe(resource.createdAt);

  // As by a version that went by the clock alone.
  await accept('active', at(20));
  const last = async () => (await lastRuns(store.db, [KEY])).get(KEY)?.id;
  expect(await last()).toBe('active');
  await store.write(trx => endRun(trx, 'active', end('Failed')));
  expect(await last()).toBe('first');
});

test('the process of another machine is gone when nothing was heard of it for minutes; one of this machine is looked at', () => {
  const ago = (milliseconds: number) => new Date(Date.now() - milliseconds).toISOString();
  const long = ago(SILENCE_MS + 60_000);
  const recent = ago(SILENCE_MS - 60_000);
  const gone = (owner: string | undefined, startedAt: string, heartbeatAt?: string) =>
    isAbandoned({ owner, startedAt, heartbeatAt });
  expect([gone(ELSEWHERE, long, long), gone(ELSEWHERE, long)]).toEqual([true, true]);
  expect([gone(ELSEWHERE, long, recent), gone(ELSEWHERE, recent)]).toEqual([false, false]);
  expect([gone(ownerName(), long, long), gone(ownerName(), long)]).toEqual([false, false]);
  expect([gone('4194999-5', recent, recent), gone(undefined, recent)]).toEqual([true, true]);
});
