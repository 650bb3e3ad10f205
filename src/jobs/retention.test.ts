import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { beginOperation, endOperation, findOperation } from '../store/operations.ts';
import { insertResource } from '../store/resources.ts';
import { type EndedRun, endedRuns } from '../store/run-queue.ts';
import { acceptRun, endRun, listRuns, recordRunOutput } from '../store/runs.ts';
import { storeFixture } from '../store/store.fixture.ts';
import { applyRetention, expired } from './retention.ts';
import { acceptedRun, SUBSCRIPTION, templateIdOf } from './run.fixture.ts';

const NOW = new Date('2026-11-21T12:00:00.000Z');

describe('which runs are kept', () => {
  const run = (id: string, more: Partial<EndedRun> = {}): EndedRun => {
    const defaults = { templateKey: '/t', hasOutputs: false, templateExists: true };
    return { id, ...defaults, endedAt: `2026-11-${id.padStart(2, '0')}T12:00:00.000Z`, ...more };
  };

  test.each([
    ['no limit', [run('20'), run('1')], {}, []],
    ['the last run of a template stays at any age', [run('2'), run('1')], { runsDays: 5 }, ['1']],
    ['as long as the template is there', [run('2', { templateExists: false })], { runsDays: 5 }, ['2']],
    ['so does the last that published', [run('20'), run('3', { hasOutputs: true }), run('2')], { runsDays: 5 }, ['2']],
    ['young ones stay', [run('20'), run('17'), run('16'), run('15')], { runsDays: 5 }, ['15']],
    ['so many of each template', [run('20'), run('19'), run('18')], { runsPerTemplate: 2 }, ['18']],
    ['each by itself', [run('20'), run('19', { templateKey: '/u' }), run('18')], { runsPerTemplate: 1 }, ['18']],
  ])('%s', (_, runs, retention, gone) => {
    expect(expired(runs, { runsDays: undefined, runsPerTemplate: undefined, ...retention }, NOW)).toEqual(gone);
  });
});

test('what is kept long enough goes with its directory, what has not ended stays', async () => {
  await using fixture = await storeFixture();
  const { store, home } = fixture;
  const dayOf: Readonly<Record<string, number>> = { old: 1, published: 2, middle: 3, last: 4, waiting: 1 };
  await store.write(async trx => {
    const shown = { tags: {}, body: {}, internal: {}, provisioningState: 'Succeeded', parentKey: undefined };
    const type = 'Microsoft.VirtualMachineImages/imageTemplates';
    await insertResource(trx, { id: templateIdOf('web'), type, location: 'local', createdBy: undefined, ...shown });
    for (const [id, day] of Object.entries(dayOf)) {
      const { request, ...accepted } = acceptedRun('web');
      const acceptedAt = `2026-11-0${day}T00:00:00.000Z`;
      await acceptRun(trx, { ...accepted, request, id, acceptedAt });
      if (id === 'waiting') continue;
      await endRun(trx, id, { status: 'Succeeded', endedAt: acceptedAt, result: {} });
    }
    const output = { name: 'disk', type: 'VHD', path: '/x', digest: 'kdt1:1', sizeBytes: 1 } as const;
    await recordRunOutput(trx, { ...output, runId: 'published' });
    for (const [id, endedAt] of [
      ['OLD', '2026-11-01T00:00:00.000Z'],
      ['YOUNG', '2026-11-20T00:00:00.000Z'],
    ] as const) {
      const about = { kind: 'k', targetKey: '/t', subscription: SUBSCRIPTION, location: 'local', input: {} };
      await beginOperation(trx, { id, correlationId: 'c', ...about });
      await endOperation(trx, id, { status: 'Succeeded', endedAt });
    }
  });
  for (const id of Object.keys(dayOf)) {
    await mkdir(join(home.runs, id), { recursive: true });
    await writeFile(join(home.runs, id, 'events.jsonl'), '');
  }
  const services = { home, store, releaseSource: async () => undefined };
  const kept = async () => (await listRuns(store)).map(({ id }) => id).sort();

  expect(await applyRetention(services, { runsDays: undefined, runsPerTemplate: undefined }, NOW)).toEqual([]);
  expect(await kept()).toEqual(['last', 'middle', 'old', 'published', 'waiting']);
  expect((await endedRuns(store.db)).map(({ id }) => id)).toEqual(['last', 'middle', 'published', 'old']);
  expect(await applyRetention(services, { runsDays: 10, runsPerTemplate: 2 }, NOW)).toEqual(['middle', 'old']);
  expect(await kept()).toEqual(['last', 'published', 'waiting']);
  expect(Object.keys(dayOf).filter(id => existsSync(join(home.runs, id)))).toEqual(['published', 'last', 'waiting']);
  expect(await findOperation(store.db, 'old')).toBeUndefined();
  expect(await findOperation(store.db, 'young')).toBeDefined();
});
