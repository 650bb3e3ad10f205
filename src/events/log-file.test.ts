import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { BuildEvent, BuildEventBody, StepRef } from './build-event.ts';
import { createEventFile, createLogFile } from './log-file.ts';

const step: StepRef = { phase: 'customize', index: 1, total: 2, type: 'Shell', name: 'install' };
const check: StepRef = { phase: 'validate', index: 1, total: 1, type: 'Shell', name: 'check' };
let directory = '';
let seq = 0;

function event(body: BuildEventBody): BuildEvent {
  seq += 1;
  return { v: 1, seq, time: '2026-01-02T03:04:05.678Z', runId: 'r1', ...body } as BuildEvent;
}

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'kiln-log-'));
  seq = 0;
});
afterEach(() => rmSync(directory, { recursive: true }));

test('a phase log holds its own steps, with marks and dates, and no escape sequence', () => {
  const log = createLogFile(join(directory, 'customization.log'), 'customize');
  for (const body of [
    { type: 'step-started', step },
    { type: 'step-output', step, stream: 'stdout', line: '\x1b[32mok\x1b[0m' },
    { type: 'step-output', step, stream: 'stderr', line: 'oops' },
    { type: 'step-restarted-guest', step },
    { type: 'step-finished', step, seconds: 4.25, exitCode: 3, ok: false },
    { type: 'step-started', step: check },
    { type: 'log', level: 'warning', message: 'disk is nearly full' },
    { type: 'run-finished', status: 'Failed', seconds: 9, error: { code: 'StepFailed', message: 'it failed' } },
  ] as const)
    log.listener(event(body));
  expect(log.close()).toBeUndefined();
  expect(readFileSync(log.path, 'utf8')).toMatchInlineSnapshot(`
    "[r1] 2026-01-02T03:04:05.678Z (telemetry) Starting provisioner shell
    [r1] 2026-01-02T03:04:05.678Z ==> [1/2] Shell install
    [r1] 2026-01-02T03:04:05.678Z OUT ok
    [r1] 2026-01-02T03:04:05.678Z ERR oops
    [r1] 2026-01-02T03:04:05.678Z ==> [1/2] Shell install: the machine restarted
    [r1] 2026-01-02T03:04:05.678Z ==> [1/2] Shell install: failed, exit code 3, 4.3 s
    [r1] 2026-01-02T03:04:05.678Z (telemetry) ending shell
    [r1] 2026-01-02T03:04:05.678Z WARNING disk is nearly full
    [r1] 2026-01-02T03:04:05.678Z ERROR StepFailed: it failed
    [r1] 2026-01-02T03:04:05.678Z (telemetry) Finalizing.
    [r1] 2026-01-02T03:04:05.678Z ==> Failed after 9.0 s
    "
  `);
});

test('the event file reads back as the events', () => {
  const log = createEventFile(join(directory, 'events.jsonl'));
  const events = [event({ type: 'stage-started', stage: 'boot' }), event({ type: 'machine-stopped', role: 'build' })];
  for (const one of events) log.listener(one);
  log.close();
  const lines = readFileSync(log.path, 'utf8').trimEnd().split('\n');
  expect(lines.map(line => JSON.parse(line))).toEqual(events);
});

test('a flood of output stops filling the file; what matters is still written', () => {
  const log = createEventFile(join(directory, 'events.jsonl'), 1000);
  for (let i = 0; i < 100; i += 1)
    log.listener(event({ type: 'step-output', step, stream: 'stdout', line: 'x'.repeat(50) }));
  log.listener(event({ type: 'run-finished', status: 'Succeeded', seconds: 1 }));
  expect(log.close()).toContain('left out');
  const text = readFileSync(log.path, 'utf8');
  expect(text.length).toBeLessThan(1500);
  expect(text).toContain('run-finished');
});

test('a log that cannot be written says so at the end and never throws', () => {
  const log = createEventFile('/dev/full');
  log.listener(event({ type: 'machine-stopped', role: 'build' }));
  log.listener(event({ type: 'machine-stopped', role: 'build' }));
  expect(log.close()).toContain('ENOSPC');
  expect(log.close()).toContain('ENOSPC');
});
