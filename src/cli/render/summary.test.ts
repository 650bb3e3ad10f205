import { expect, test } from 'vitest';
import { failedRun, succeededRun } from './run.fixture.ts';
import { summarize } from './summary.ts';

const logs = { customization: '/k/runs/r1/customization.log' };

test('the document of a run that succeeded', () => {
  const output = {
    name: 'web-vhd',
    type: 'VHD',
    artifactUri: 'https://local/vhds/r1.vhd',
    path: '/k/regions/local/r1.vhd',
    digest: 'kd1:def',
    sizeBytes: 7,
  } as const;
  const summary = summarize(succeededRun, { runOutputs: [output], logs });
  expect(summary).toMatchObject({ runId: 'r1', status: 'Succeeded', seconds: 75, error: null, logs });
  expect(summary.source).toEqual({ name: 'A:b:c:latest', exactVersion: 'A:b:c:1.2.3', digest: 'kd1:abc' });
  expect(summary.runOutputs).toEqual([output]);
});

test('what the optimization of the boot came to is there when there was one', () => {
  const vmBoot = {
    beforeSeconds: 31,
    afterSeconds: 26,
    systemd: { beforeSeconds: 12, afterSeconds: 11 },
    done: ['x'],
    left: [],
  };
  const facts = { runOutputs: [], logs };
  const stamp = { v: 1, seq: 9, time: '2026-01-02T03:04:05.000Z', runId: 'r1' } as const;
  const optimized = { ...stamp, type: 'boot-optimized', ...vmBoot } as const;
  expect(summarize([...succeededRun, optimized], facts).optimize).toEqual({ vmBoot });
  expect(summarize(succeededRun, facts).optimize).toEqual({ vmBoot: null });
});

test('steps keep their order; one that did not run has no exit code', () => {
  expect(summarize(succeededRun, { runOutputs: [], logs }).steps).toEqual([
    { phase: 'customize', index: 1, type: 'Shell', name: 'setupBuildPath', seconds: 4.2, exitCode: 0, ok: true },
    { phase: 'customize', index: 2, type: 'File', name: 'index.html', seconds: 0.3, exitCode: 0, ok: true },
    { phase: 'validate', index: 1, type: 'Shell', name: 'serviceAnswers', seconds: 0, exitCode: null, ok: null },
  ]);
});

test('a failure carries its whole error', () => {
  const summary = summarize(failedRun, { runOutputs: [], logs });
  expect(summary.status).toBe('Failed');
  expect(summary.error).toMatchObject({ code: 'ValidatorFailed', todo: 'Read the log.' });
  expect(summary.steps.at(-1)).toMatchObject({ exitCode: 7, ok: false });
});

test('a run that was cut off is still running as far as its events say', () => {
  expect(summarize(succeededRun.slice(0, 5), { runOutputs: [], logs })).toMatchObject({
    status: 'Running',
    source: {},
  });
});
