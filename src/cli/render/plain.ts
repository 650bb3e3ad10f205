import type { Listener } from '../../events/event-stream.ts';
import { artifactLines, errorLines, lineOf, stepTag } from './wording.ts';

/** Takes one line without its line break. */
export type WriteLine = (line: string) => void;

/** A progress line is written when it has moved by this share of the whole. */
const PROGRESS_STEPS = 10;

/**
 * Lines for a log or a pipe: one an event, dated (UTC), the output of a step behind the step's number. Nothing is rewritten.
 */
export function createPlainRenderer(write: WriteLine): Listener {
  const published: string[] = [];
  const moved = new Map<string, number>();
  return event => {
    const time = event.time.slice(11, 19);
    if (event.type === 'progress') {
      const tenth = event.total === 0 ? 0 : Math.floor((event.done / event.total) * PROGRESS_STEPS);
      if (moved.get(event.what) === tenth) return;
      moved.set(event.what, tenth);
    }
    const line = lineOf(event);
    if (line !== undefined) {
      if (event.type === 'step-output') {
        write(`${time} ${stepTag(event.step)} | ${line.text}`);
      } else {
        write(`${time} ${line.text}`);
      }
    }
    if (event.type === 'artifact-published') published.push(...artifactLines(event).map(({ text }) => text));
    if (event.type === 'run-finished') {
      if (event.error !== undefined) for (const { text } of errorLines(event.error)) write(text);
      for (const text of published) write(text);
    }
  };
}
