import { expect, test } from 'vitest';
import type { BuildEvent } from '../../events/build-event.ts';
import { succeededRun } from './run.fixture.ts';
import { advance, frame, NOTHING } from './terminal-frame.ts';

function after(events: readonly BuildEvent[], seconds: number): string[] {
  const last = Date.parse(events.at(-1)?.time ?? '');
  return frame(events.reduce(advance, NOTHING), last + seconds * 1000).map(({ text }) => text);
}
const upTo = (match: (event: BuildEvent) => boolean): BuildEvent[] =>
  succeededRun.slice(0, succeededRun.findIndex(match) + 1);

test('a running step shows its time and the end of its output', () => {
  expect(
    after(
      upTo(e => e.type === 'step-output' && e.stream === 'stderr'),
      1.5,
    ),
  ).toEqual(['[1/2] Shell setupBuildPath  3.5s', '  making directories', '  chmod: done']);
});

test('only the last lines of output are kept, and tenths go after ten seconds', () => {
  const events = upTo(e => e.type === 'step-started');
  const [started] = events.slice(-1);
  const flood = Array.from({ length: 50 }, (_, i) => ({
    ...started,
    type: 'step-output',
    stream: 'stdout',
    line: `${i}`,
  }));
  expect(after([...events, ...(flood as BuildEvent[])], 12.7)).toEqual([
    '[1/2] Shell setupBuildPath  12s',
    ...['  46', '  47', '  48', '  49'],
  ]);
});

test('a wait is named', () => {
  expect(
    after(
      upTo(e => e.type === 'waiting'),
      1,
    ),
  ).toEqual(['Booting the build VM: waiting for sshd  3.0s']);
});

test('a progress bar fills and goes when it is full', () => {
  const half = upTo(e => e.type === 'progress' && e.done === 150);
  expect(after(half, 0).at(-1)).toBe('  setup.sh ████░░░░░░░░░░░░░░░░░░░░ 150 B of 1000 B');
  expect(
    after(
      upTo(e => e.type === 'progress' && e.done === 1000),
      0,
    ),
  ).toHaveLength(1);
});

test('nothing moves when the run has ended', () => {
  expect(after(succeededRun, 5)).toEqual([]);
});
