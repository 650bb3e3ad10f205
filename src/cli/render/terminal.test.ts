import { Writable } from 'node:stream';
import { WriteStream } from 'node:tty';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { BuildEvent } from '../../events/build-event.ts';
import { failedRun, succeededRun } from './run.fixture.ts';
import { createTerminalRenderer, type TerminalStream } from './terminal.ts';

/** A stream that says it is a terminal of the given width and keeps what is written. */
function terminal(columns = 60, environment: NodeJS.ProcessEnv = {}): { stream: TerminalStream; text: () => string } {
  const chunks: string[] = [];
  const stream = new Writable({
    write(chunk, _encoding, done) {
      chunks.push(String(chunk));
      done();
    },
  });
  const { getColorDepth } = WriteStream.prototype;
  // Not the test's own environment: Node takes colours away where it finds `CI` in it.
  const depth = getColorDepth({ TERM: 'xterm-256color', ...environment });
  Object.assign(stream, { isTTY: true, columns, rows: 24, getColorDepth: () => depth });
  return { stream: stream as unknown as TerminalStream, text: () => chunks.join('') };
}

const withoutEscapes = (text: string): string => text.replace(/\x1b\[[0-9;?]*[A-Za-z]/g, '');

function play(events: readonly BuildEvent[], columns?: number, environment?: NodeJS.ProcessEnv): string {
  const { stream, text } = terminal(columns, environment);
  const renderer = createTerminalRenderer(stream);
  for (const event of events) renderer.listener(event);
  renderer.close();
  return text();
}

beforeEach(() => void vi.stubEnv('FORCE_COLOR', undefined));
afterEach(() => vi.unstubAllEnvs());

test('steps stay on the screen with their time; the artifact is last, whole', () => {
  const shown = withoutEscapes(play(succeededRun, 30));
  expect(shown).toContain('✓ [1/2] Shell setupBuildPath  4.2s\n');
  expect(shown).toContain('warning: the disk is nearly full\n');
  expect(shown).toContain('Succeeded after 1m 15s\n');
  expect(shown.trimEnd().split('\n').slice(-3)).toEqual([
    '  web-vhd  https://local/vhds/r1.vhd',
    '      /k/regions/local/r1.vhd',
    '      kd1:def  750 MiB',
  ]);
});

test('a failure shows the failed step, then the error, then the status', () => {
  const shown = withoutEscapes(play(failedRun));
  const order = [
    '✗ [1/1] validator Shell serviceAnswers  failed, exit code 7',
    'error ValidatorFailed',
    'Failed after',
  ];
  expect(order.map(text => shown.indexOf(text))).toEqual(order.map(text => shown.indexOf(text)).sort((a, b) => a - b));
  expect(order.every(text => shown.includes(text))).toBe(true);
});

test('escape sequences of the guest do not reach the terminal', () => {
  const shown = play(failedRun);
  expect(shown).not.toContain('\x1b]0;');
  expect(shown).not.toContain('\x1b[2J');
});

test('colours are used, and NO_COLOR turns them off', () => {
  const colour = /\x1b\[3[0-9]m/;
  expect(play(failedRun)).toMatch(colour);
  expect(play(failedRun, 60, { NO_COLOR: '1' })).not.toMatch(colour);
});

test('a flood of output is drawn by the clock, not by the line', async () => {
  const { stream, text } = terminal();
  const renderer = createTerminalRenderer(stream);
  const started = succeededRun.findIndex(e => e.type === 'step-started');
  for (const event of succeededRun.slice(0, started + 1)) renderer.listener(event);
  const before = text().length;
  const output = succeededRun[started + 1] as BuildEvent;
  for (let i = 0; i < 20_000; i += 1) renderer.listener(output);
  expect(text().length).toBe(before);
  await vi.waitFor(() => expect(text()).toContain('  making directories'));
  renderer.close();
});

test('the moving part fits the width', async () => {
  const { stream, text } = terminal(20);
  const renderer = createTerminalRenderer(stream);
  const started = succeededRun.findIndex(e => e.type === 'step-started');
  for (const event of succeededRun.slice(0, started + 1)) renderer.listener(event);
  await vi.waitFor(() => expect(withoutEscapes(text())).toContain('[1/2] Shell setupBu…'));
  renderer.close();
});
