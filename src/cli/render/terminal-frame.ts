import type { BuildEvent, StepRef } from '../../events/build-event.ts';
import { printable } from '../../events/printable.ts';
import { duration, progressText } from './amounts.ts';
import { type Line, STAGE_NAMES, stepTitle } from './wording.ts';

/** What the moving part of the display shows now. Times are milliseconds since the epoch. */
export interface Live {
  readonly stage: { readonly name: string; readonly since: number } | undefined;
  readonly step: { readonly ref: StepRef; readonly since: number } | undefined;
  readonly waiting: string | undefined;
  /** The last lines that the running step printed. */
  readonly output: readonly string[];
  readonly progress: ReadonlyMap<string, { done: number; total: number; unit: 'bytes' | 'percent' }>;
}

export const NOTHING: Live = { stage: undefined, step: undefined, waiting: undefined, output: [], progress: new Map() };

const OUTPUT_LINES = 4;
const BAR = 24;

/** The display after an event. */
export function advance(live: Live, event: BuildEvent): Live {
  const time = Date.parse(event.time);
  switch (event.type) {
    case 'stage-started':
      return { ...NOTHING, stage: { name: STAGE_NAMES[event.stage], since: time } };
    case 'stage-finished':
    case 'run-finished':
      return NOTHING;
    case 'waiting':
      return { ...live, waiting: printable(event.wait) };
    case 'step-started':
      return { ...live, waiting: undefined, output: [], step: { ref: event.step, since: time } };
    case 'step-output':
      return { ...live, output: [...live.output, printable(event.line)].slice(-OUTPUT_LINES) };
    case 'step-finished':
      return { ...live, output: [], step: undefined };
    case 'progress': {
      const progress = new Map(live.progress);
      const { done, total, unit } = event;
      if (total > 0 && done >= total) progress.delete(event.what);
      else progress.set(event.what, { done, total, unit });
      return { ...live, progress };
    }
    default:
      return live;
  }
}

/** The lines of the moving part, the stage or running step first. */
export function frame(live: Live, now: number): Line[] {
  const lines: Line[] = [];
  if (live.step !== undefined) {
    lines.push({ tone: 'title', text: `${stepTitle(live.step.ref)}  ${elapsed(live.step.since, now)}` });
  } else if (live.stage !== undefined) {
    const waiting = live.waiting === undefined ? '' : `: waiting for ${live.waiting}`;
    lines.push({ tone: 'title', text: `${live.stage.name}${waiting}  ${elapsed(live.stage.since, now)}` });
  }
  for (const text of live.output) lines.push({ tone: 'faint', text: `  ${text}` });
  for (const [what, { done, total, unit }] of live.progress) {
    const drawn = total === 0 ? '' : `${bar(done / total)} `;
    lines.push({ tone: 'plain', text: `  ${printable(what)} ${drawn}${progressText(done, total, unit)}` });
  }
  return lines;
}

function bar(share: number): string {
  const filled = Math.min(BAR, Math.max(0, Math.round(share * BAR)));
  return `${'█'.repeat(filled)}${'░'.repeat(BAR - filled)}`;
}

/** Tenths while it is short, then whole seconds: a display that moves ten times a second for an hour tires. */
function elapsed(since: number, now: number): string {
  const seconds = Math.max(0, now - since) / 1000;
  return seconds >= 10 && seconds < 60 ? `${Math.floor(seconds)}s` : duration(seconds);
}
