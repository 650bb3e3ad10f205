import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Registry } from 'prom-client';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { isAlive } from '../../src/home/process-lock.ts';
import type { HostQueue } from '../../src/jobs/host-queue.ts';
import { acceptedRun } from '../../src/jobs/run.fixture.ts';
import { findOperation } from '../../src/store/operations.ts';
import type { RunRecord } from '../../src/store/runs.ts';
import { shell } from './build-fixture.ts';
import { type QueueSite, queueSite } from './queue-fixture.ts';

let on: QueueSite;
beforeEach(async () => {
  on = await queueSite();
});
afterEach(() => on[Symbol.asyncDispose]());

const ended = ({ status }: RunRecord) => status !== 'Queued' && status !== 'Running';
const running = ({ status }: RunRecord) => status === 'Running';
const ONLY_SOURCE = { customize: [], distribute: [], validate: { sourceValidationOnly: true } };

async function operationOf({ accepted }: RunRecord) {
  return findOperation(on.site.services.store.db, accepted?.operationId ?? '');
}

function cancel(queue: HostQueue, id: string): Promise<void> {
  return on.site.services.store.write(trx => queue.cancel(trx, id)).then(() => queue.wake());
}

function pidOf({ owner = '' }: RunRecord): number {
  return Number(owner.split('-')[0]);
}

test('runs begin in turn of their groups, as many as there is room for; a run that is queued can be canceled', async () => {
  const registry = new Registry();
  const queue = on.queue({ fake: true, registry, concurrency: { runs: 2, cpus: 99, memoryMiB: 99_999 } });
  const file = (name: string) => join(on.site.root, `${name}.done`);
  const ids: Record<string, string> = {};
  for (const [name, group] of [
    ['a1', 'a'],
    ['a2', 'a'],
    ['a3', 'a'],
    ['b1', 'b'],
    ['b2', 'b'],
  ] as const) {
    const templateText = JSON.stringify({ until: file(name) });
    ids[name] = await on.accept(queue, acceptedRun(name, { group, templateText }));
  }
  const id = (name: string) => ids[name] ?? '';
  const positions = async () => {
    const all = Object.entries(ids).map(async ([name, one]) => [name, await queue.position(one)] as const);
    return Object.fromEntries((await Promise.all(all)).filter(([, position]) => position !== undefined));
  };
  expect(await positions()).toEqual({ a1: 0, b1: 1, a2: 2, b2: 3, a3: 4 });
  queue.start();
  await on.until(id('a1'), running);
  await on.until(id('b1'), running);
  expect(await positions()).toEqual({ a2: 0, b2: 1, a3: 2 });

  await cancel(queue, id('a2'));
  const canceled = await on.run(id('a2'));
  expect(canceled).toMatchObject({ status: 'Canceled', result: { error: { code: 'BuildCanceled' } } });
  expect(await operationOf(canceled)).toMatchObject({ status: 'Canceled' });
  await delay(200);
  expect([(await on.run(id('b2'))).status, (await on.run(id('a3'))).status]).toEqual(['Queued', 'Queued']);

  await writeFile(file('b1'), '');
  await on.until(id('b1'), ended);
  await on.until(id('b2'), running);
  await cancel(queue, id('b2'));
  expect(await on.until(id('b2'), ended)).toMatchObject({ status: 'Canceled' });
  await on.until(id('a3'), running);
  for (const name of ['a1', 'a3']) await writeFile(file(name), '');
  expect(await on.until(id('a1'), ended)).toMatchObject({ status: 'Succeeded' });
  const last = await on.until(id('a3'), ended);
  expect(await operationOf(last)).toMatchObject({ status: 'Succeeded' });
  // Of its worker nothing is left open here: it is in a session of its own, and ends by itself.
  await queue.stop('finish');
  const text = await registry.metrics();
  expect(text).toContain('kiln_runs_total{status="Succeeded"}');
});

test('a worker that cannot start is tried again, and not for ever', async () => {
  const queue = on.queue({ fake: true });
  const id = await on.accept(queue, acceptedRun('broken', { templateText: '{"crash":true}' }));
  queue.start();
  const run = await on.until(id, ended);
  expect(run).toMatchObject({ status: 'Failed', result: { error: { code: 'WorkerFailed' } } });
  expect(JSON.stringify(run.result)).toContain('this worker crashes');
  expect(await operationOf(run)).toMatchObject({ status: 'Failed', error: { code: 'WorkerFailed' } });
});

test('a service that is gone leaves its runs at work, and the next one takes them over', async () => {
  const [first, second] = [on.queue({ fake: true }), on.queue({ fake: true })];
  const file = join(on.site.root, 'done');
  const id = await on.accept(first, acceptedRun('long', { templateText: JSON.stringify({ until: file }) }));
  first.start();
  const { owner } = await on.until(id, running);
  // What is left of a service that was killed is its workers: this one begins nothing any more and waits.
  const stopped = first.stop('finish');
  second.start();
  await delay(300);
  expect(await on.run(id)).toMatchObject({ status: 'Running', owner });
  await writeFile(file, '');
  expect(await on.until(id, ended)).toMatchObject({ status: 'Succeeded', owner });
  await stopped;
});

test('a real worker builds what is queued, and says why it cannot', async () => {
  const queue = on.queue({ concurrency: { cpus: 8 } });
  const good = await on.accept(queue, on.request('good', ONLY_SOURCE));
  const unknown = { type: 'PlatformImage', publisher: 'No', offer: 'such', sku: 'image', version: 'latest' };
  const bad = await on.accept(queue, on.request('bad', { source: unknown }));
  const wrong = await on.accept(queue, acceptedRun('wrong', { templateText: '{"properties":{}}' }));
  queue.start();

  expect(await on.until(good, ended)).toMatchObject({ status: 'Succeeded', stage: 'clean-up' });
  const failed = await on.until(bad, ended);
  expect(failed).toMatchObject({ status: 'Failed', result: { error: { code: 'BadPIRSource' } } });
  expect(await operationOf(failed)).toMatchObject({ status: 'Failed', error: { code: 'BadPIRSource' } });
  expect((await on.until(wrong, ended)).result).toMatchObject({ error: { code: 'ValidationFailed' } });

  const events = await on.events(good);
  expect(events.map(({ seq }) => seq)).toEqual(events.map((_, i) => i + 1));
  const { correlationId = '' } = (await on.run(good)).accepted ?? {};
  const log = await readFile(join(on.site.services.home.runs, good, 'customization.log'), 'utf8');
  expect(log).toContain(correlationId);
  await queue.stop('finish');
  // But for what workers printed: nothing.
  const left = (await on.site.leftovers()).filter(path => !path.endsWith('/worker.log'));
  expect(left).toEqual([]);
  for (const id of [good, bad, wrong]) {
    expect(await readFile(join(on.site.services.home.runs, id, 'worker.log'), 'utf8')).toBe('');
  }
});

test('a run that goes on can be canceled, handed back and begun anew, and ends as failed when its worker is killed', async () => {
  const { home, store } = on.site.services;
  const slow = { customize: [{ type: 'Shell', name: 'slow', scriptUri: on.endless }] };
  const first = on.queue({ concurrency: { cpus: 8 } });
  const [canceled, killed, handed] = [
    await on.accept(first, on.request('canceled', slow)),
    await on.accept(first, on.request('killed', slow)),
    await on.accept(first, on.request('handed', slow)),
  ];
  first.start();
  const fetching = (run: RunRecord) => run.stage === 'fetch';
  for (const id of [canceled, killed, handed]) await on.until(id, fetching);

  const began = Date.now();
  await cancel(first, canceled);
  expect(await on.until(canceled, ended)).toMatchObject({ status: 'Canceled' });
  expect(Date.now() - began).toBeLessThan(5000);

  const victim = await on.run(killed);
  process.kill(pidOf(victim), 'SIGKILL');
  const abandoned = await on.until(killed, ended);
  expect(abandoned).toMatchObject({ status: 'Failed', result: { error: { code: 'RunAbandoned' } } });
  expect(await operationOf(abandoned)).toMatchObject({ status: 'Failed', error: { code: 'RunAbandoned' } });

  await first.stop('hand-back');
  const back = await on.run(handed);
  expect(back).toMatchObject({ status: 'Queued', owner: undefined, stage: undefined, result: undefined });
  expect(await operationOf(back)).toMatchObject({ status: 'InProgress' });
  expect(existsSync(join(home.runs, handed, 'lock'))).toBe(false);
  const before = await on.events(handed);
  expect(before.at(-1)).toMatchObject({ type: 'log', message: expect.stringContaining('Handed back') });
  expect(before.map(({ type }) => type)).not.toContain('run-finished');

  const second = on.queue();
  second.start();
  const again = await on.until(handed, fetching);
  expect(isAlive(again.owner ?? '')).toBe(true);
  await cancel(second, handed);
  expect(await on.until(handed, ended)).toMatchObject({ status: 'Canceled' });
  const events = await on.events(handed);
  expect(events.map(({ seq }) => seq)).toEqual(events.map((_, i) => i + 1));
  expect(events.filter(({ type }) => type === 'run-started')).toHaveLength(2);
  expect(events.at(-1)).toMatchObject({ type: 'run-finished', status: 'Canceled' });
  await second.stop('finish');
  const left = (await on.site.leftovers()).filter(path => !path.endsWith('/worker.log') && !path.includes('.json'));
  expect(left.filter(path => !path.startsWith('downloads/'))).toEqual([]);
  expect(await store.db.selectFrom('blob_pins').selectAll().execute()).toEqual([]);
});

test('scripts are those of the template, whatever has become of their address since', async () => {
  const queue = on.queue();
  const copy = join(on.site.root, 'script.sh');
  await writeFile(copy, 'echo copied\n');
  const sha256 = '0'.repeat(64);
  const uri = 'https://scripts.invalid/setup.sh';
  const { request, ...accepted } = on.request('copies', {
    customize: [{ type: 'Shell', scriptUri: uri }, shell('x', 'true')],
  });
  const id = await on.accept(queue, {
    ...accepted,
    request: { ...request, artifacts: [{ uri, path: copy, sha256 }] },
  });
  queue.start();
  const run = await on.until(id, ended);
  expect(run.result).toMatchObject({
    error: { code: 'ChecksumMismatch', target: 'properties.customize[0].scriptUri' },
  });
});
