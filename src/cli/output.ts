import type { BuildEventBody } from '../events/build-event.ts';
import { jsonLine, printable } from '../events/printable.ts';
import { type Scrub, scrubber } from '../events/scrub.ts';
import { progressText } from './render/amounts.ts';
import { paint } from './render/paint.ts';
import type { Line } from './render/wording.ts';

let scrub: Scrub = scrubber();
let printed = false;

/** From now on these texts, as they are or encoded, are not printed by anything here. */
export function protect(secrets: ReadonlySet<string>): void {
  scrub = scrubber(secrets);
}

/** Data: the only thing that goes to stdout. */
export function data(text: string): void {
  process.stdout.write(scrub(text.endsWith('\n') ? text : `${text}\n`));
}

/** Whether a JSON document went to stdout: there is one for a command at most. */
export function hasPrinted(): boolean {
  return printed;
}

export function json(value: unknown): void {
  printed = true;
  data(`${JSON.stringify(value, undefined, 2)}\n`);
}

export function jsonData(value: unknown): void {
  printed = true;
  data(jsonLine(value));
}

/** Everything that is said to a person. */
export function say(...lines: readonly Line[]): void {
  const painted = paint(process.stderr);
  for (const line of lines) process.stderr.write(`${painted({ ...line, text: scrub(line.text) })}\n`);
}

/** Says what happens outside of a run: notes, warnings, progress on a terminal. */
export function warn(event: BuildEventBody): void {
  if (event.type === 'log')
    say({ tone: event.level === 'warning' ? 'warning' : 'plain', text: printable(event.message) });
  if (event.type === 'progress' && process.stderr.isTTY) {
    const end = event.done >= event.total ? '\n' : '';
    process.stderr.write(`\r\x1b[K${event.what}: ${progressText(event.done, event.total, event.unit)}${end}`);
  }
}
