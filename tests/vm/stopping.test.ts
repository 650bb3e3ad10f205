import { expect, test } from 'vitest';
import { useRing } from './harness/ring.ts';
import { shell } from './harness/template.ts';

const ring = useRing();
const waits = { customize: [shell('waits', 'echo working', 'sleep 900')] };

test('a build that takes too long is ended and says in which stage it was', async () => {
  const build = await ring.build({}, '--timeout', '10s');
  const summary = await build.summary();
  expect(summary).toMatchObject({ exitCode: 5, status: 'TimedOut', error: { code: 'BuildTimedOut' }, runOutputs: [] });
  expect(summary.error?.message).toBe('The build did not finish within 10 s; it was in stage boot.');
  expect(summary.seconds).toBeLessThan(60);
});

test('SIGTERM ends a build as Ctrl-C does', async () => {
  const build = await ring.build(waits);
  await build.event('output', event => event.type === 'step-output' && event.line === 'working');
  build.signal('SIGTERM');
  const summary = await build.summary();
  expect(summary).toMatchObject({
    exitCode: 130,
    status: 'Canceled',
    error: { code: 'BuildCanceled' },
    runOutputs: [],
  });
  expect(summary.error?.message).toContain('in stage customize');
});

test('of two builds on one home one is killed and the other finishes', async () => {
  const killed = await ring.build({ name: 'killed', ...waits });
  const finishing = await ring.build({
    name: 'finishing',
    customize: [shell('goes-on', 'echo working', 'sleep 20')],
  });
  const working = [killed, finishing].map(build =>
    build.event('output', event => event.type === 'step-output' && event.line === 'working'),
  );
  const [{ runId } = { runId: '' }] = await Promise.all(working);
  killed.signal('SIGKILL');
  expect((await killed.ended).signal).toBe('SIGKILL');
  // The next command cleans up after the one and leaves the other alone.
  const record = (await ring.json('runs', 'show', runId)) as { status: string; result: { error: { code: string } } };
  expect(record).toMatchObject({ status: 'Failed', result: { error: { code: 'RunAbandoned' } } });
  expect(finishing.running).toBe(true);
  expect(await finishing.summary()).toMatchObject({ exitCode: 0, status: 'Succeeded', error: null });
});
