import type { WriteStream } from 'node:tty';
import { createLogUpdate } from 'log-update';
import type { BuildEvent } from '../../events/build-event.ts';
import type { Listener } from '../../events/event-stream.ts';
import { paint } from './paint.ts';
import { advance, frame, type Live, NOTHING } from './terminal-frame.ts';
import { keptLines } from './terminal-lines.ts';
import { artifactLines, type Line } from './wording.ts';

export interface TerminalRenderer {
  readonly listener: Listener;
  /** Ends the moving part. The screen keeps what happened. Safe to call twice. */
  close(): void;
}

/** The part of a terminal that is used: `process.stderr`, or another stream in its place. */
export type TerminalStream = Pick<WriteStream, 'write' | 'columns' | 'rows' | 'isTTY'> & NodeJS.WritableStream;

const REDRAW_MS = 100;

/**
 * A list of what happened that grows, above a few lines that move: the running step with its time, the end of its output,
 * progress bars. Drawn at most ten times a second, however much a guest prints.
 */
export function createTerminalRenderer(stream: TerminalStream): TerminalRenderer {
  // A hidden cursor would stay hidden after `kill -9`.
  const screen = createLogUpdate(stream, { showCursor: true });
  const published: Line[] = [];
  let live: Live = NOTHING;
  let closed = false;
  const whole = paint(stream);
  // A line that moves must fit; a line that stays is never cut, for it may hold a path that someone wants to copy.
  const fitting = ({ tone, text }: Line): string => whole({ tone, text: cut(text, stream.columns ?? 80) });
  const write = (lines: readonly Line[]): void => {
    if (lines.length > 0) stream.write(`${lines.map(whole).join('\n')}\n`);
  };
  const draw = (): void => {
    if (closed) return;
    const lines = frame(live, Date.now());
    if (lines.length === 0) screen.clear();
    else screen(lines.map(fitting).join('\n'));
  };
  const timer = setInterval(draw, REDRAW_MS);
  timer.unref();
  const listener = (event: BuildEvent): void => {
    if (closed) return;
    live = advance(live, event);
    const lines = keptLines(event);
    if (lines.length > 0) {
      screen.clear();
      write(lines);
    }
    if (event.type === 'artifact-published') published.push(...artifactLines(event));
    if (event.type === 'run-finished') close();
    else if (lines.length > 0) draw();
  };
  const close = (): void => {
    if (closed) return;
    screen.clear();
    closed = true;
    clearInterval(timer);
    write(published);
  };
  return { listener, close };
}

function cut(text: string, width: number): string {
  const points = [...text];
  return points.length <= width ? text : `${points.slice(0, Math.max(0, width - 1)).join('')}…`;
}
