import { expect, test } from 'vitest';
import { lastingProcesses } from '../harness/leftovers.ts';
import { useRing } from '../harness/ring.ts';
import { buildUntil, MOMENTS } from './stages.ts';

const ring = useRing();

test.each(Object.keys(MOMENTS))('kill -9 in stage %s: helpers end, the next command cleans up', async stage => {
  const { build, runId } = await buildUntil(ring, stage);
  build.signal('SIGKILL');
  expect((await build.ended).signal).toBe('SIGKILL');
  expect(await lastingProcesses(ring.at.root)).toEqual([]);
  expect(await ring.json('runs', 'show', runId)).toMatchObject({
    status: 'Failed',
    result: { error: { code: 'RunAbandoned' } },
    runOutputs: [],
  });
  await ring.expectNothingLeft();
});
