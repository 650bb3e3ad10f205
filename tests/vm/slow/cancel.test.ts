import { expect, test } from 'vitest';
import { useRing } from '../harness/ring.ts';
import { buildUntil, MOMENTS } from './stages.ts';

const ring = useRing();

test.each(Object.keys(MOMENTS))('Ctrl-C in stage %s ends the build at once and leaves nothing', async stage => {
  const { build, runId } = await buildUntil(ring, stage);
  build.signal('SIGINT');
  const asked = performance.now();
  const summary = await build.summary();
  expect(performance.now() - asked).toBeLessThan(30_000);
  expect(summary).toMatchObject({
    exitCode: 130,
    status: 'Canceled',
    error: { code: 'BuildCanceled' },
    runOutputs: [],
  });
  expect(summary.error?.message).toBe(`The build was canceled in stage ${stage}.`);
  // Before any other command could have cleaned up.
  await ring.expectNothingLeft();
  expect(await ring.json('runs', 'show', runId)).toMatchObject({ status: 'Canceled', runOutputs: [] });
});
