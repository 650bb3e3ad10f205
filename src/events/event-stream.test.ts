import { expect, test } from 'vitest';
import type { BuildEvent } from './build-event.ts';
import { EventStream } from './event-stream.ts';
import { scrubber } from './scrub.ts';

test('events are numbered from 1, dated, and carry the version and the run', () => {
  const seen: BuildEvent[] = [];
  const stream = new EventStream('r1', scrubber());
  stream.subscribe(event => seen.push(event));
  stream.emit({ type: 'stage-started', stage: 'boot' });
  stream.emit({ type: 'stage-finished', stage: 'boot', seconds: 2 });
  expect(seen.map(({ v, seq, runId, type }) => ({ v, seq, runId, type }))).toEqual([
    { v: 1, seq: 1, runId: 'r1', type: 'stage-started' },
    { v: 1, seq: 2, runId: 'r1', type: 'stage-finished' },
  ]);
  expect(seen.every(({ time }) => new Date(time).toISOString() === time)).toBe(true);
});

test('a secret reaches no listener, however deep in the event it is', () => {
  const seen: BuildEvent[] = [];
  const stream = new EventStream('r1', scrubber(['hunter22']));
  stream.subscribe(event => seen.push(event));
  stream.emit({
    type: 'run-finished',
    status: 'Failed',
    seconds: 1,
    error: {
      code: 'StepFailed',
      message: 'login hunter22',
      output: ['password is hunter22'],
      details: [{ code: 'X', message: 'see https://h/b?sv=1&sig=abc%2F%3D&se=2' }],
    },
  });
  const text = JSON.stringify(seen);
  expect(text).not.toContain('hunter22');
  expect(text).not.toContain('abc%2F');
  expect(text).toContain('&se=2');
});

test('who unsubscribes hears nothing more; the others do', () => {
  const heard: string[] = [];
  const stream = new EventStream('r1', scrubber());
  const leave = stream.subscribe(() => heard.push('first'));
  stream.subscribe(() => heard.push('second'));
  leave();
  stream.emit({ type: 'stage-started', stage: 'boot' });
  expect(heard).toEqual(['second']);
});

test('a secret at the place where a long line was cut reaches no listener, and the rest of the line does', () => {
  const seen: string[] = [];
  const stream = new EventStream('r1', scrubber(['hunter22']));
  stream.subscribe(event => seen.push(event.type === 'step-output' ? `${event.stream} ${event.line}` : event.type));
  const step = { phase: 'customize', index: 1, total: 1, type: 'Shell', name: 'a' } as const;
  const say = (line: string, stream_: 'stdout' | 'stderr' = 'stdout') =>
    stream.emit({ type: 'step-output', step, stream: stream_, line });
  say('hunter'.padStart(8192, '.'));
  say('in between', 'stderr');
  say('22 is it');
  say('hunt'.padStart(8192, '.'));
  stream.emit({ type: 'step-finished', step, seconds: 1, exitCode: 0, ok: true });
  expect(seen).toEqual([
    `stdout ${'.'.repeat(8186)}`,
    'stderr in between',
    'stdout *** is it',
    `stdout ${'.'.repeat(8188)}`,
    'stdout hunt',
    'step-finished',
  ]);
});

test('what was held back of a step is its own, also where it is not said to have finished', () => {
  const seen: BuildEvent[] = [];
  const stream = new EventStream('r1', scrubber(['topsecret']));
  stream.subscribe(event => seen.push(event));
  const step = (name: string) => ({ phase: 'customize', index: 1, total: 1, type: 'Shell', name }) as const;
  stream.emit({ type: 'step-output', step: step('one'), stream: 'stdout', line: `${'x'.repeat(8189)}top` });
  stream.emit({ type: 'step-started', step: step('two') });
  stream.emit({ type: 'step-output', step: step('two'), stream: 'stdout', line: 'hello' });
  const lines = seen.flatMap(event =>
    event.type === 'step-output' ? [`${event.step.name} ${event.line.slice(-8)}`] : [],
  );
  expect(lines).toEqual(['one xxxxxxxx', 'one top', 'two hello']);
});
