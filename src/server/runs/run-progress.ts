import type { BuildEvent } from '../../events/build-event.ts';
import { tailLines } from './event-tail.ts';
import type { StageDocument, StepDocument } from './run-documents.ts';

/** How far a run has come, by its events. */
export interface RunProgress {
  readonly stages: readonly StageDocument[];
  readonly steps: readonly StepDocument[];
}

interface Known {
  at: number;
  stages: StageDocument[];
  readonly steps: Map<string, StepDocument>;
  /** The reading that goes on, or went on last. */
  reading: Promise<void>;
}

const MOST = 200;
/** Most of the events, and of no interest here: they are not worth to be parsed. */
const SKIPPED = /^\{"v":1,"seq":\d+,"time":"[^"]*","runId":"[^"]*","type":"(?:step-output|progress|log)"/;

/** Reads the events of runs, each once: what was read is remembered for the runs that were asked for last. */
export class ProgressReader {
  readonly #known = new Map<string, Known>();

  /** @param path of the run's `events.jsonl` */
  async read(path: string): Promise<RunProgress> {
    const known = this.#known.get(path) ?? fresh();
    this.#known.delete(path);
    this.#known.set(path, known);
    const [oldest] = this.#known.keys();
    if (this.#known.size > MOST && oldest !== undefined) this.#known.delete(oldest);
    const next = known.reading.catch(() => undefined).then(() => readOn(path, known));
    known.reading = next;
    await next;
    return { stages: known.stages, steps: [...known.steps.values()] };
  }
}

function fresh(): Known {
  return { at: 0, stages: [], steps: new Map(), reading: Promise.resolve() };
}

async function readOn(path: string, known: Known): Promise<void> {
  const signal = new AbortController().signal;
  for await (const lines of tailLines(path, { from: known.at, ended: async () => true, signal })) {
    for (const { text, end } of lines ?? []) {
      const event = SKIPPED.test(text) ? undefined : eventIn(text);
      if (event !== undefined) take(known, event);
      known.at = end;
    }
  }
}

/** Half a line is what a process leaves that ends while it writes it. */
function eventIn(text: string): BuildEvent | undefined {
  try {
    return JSON.parse(text) as BuildEvent;
  } catch {
    return undefined;
  }
}

function take(known: Known, event: BuildEvent): void {
  switch (event.type) {
    case 'run-started':
      // What an attempt before did that was handed back to the queue counts no more.
      known.stages = [];
      known.steps.clear();
      for (const step of event.steps) known.steps.set(keyOf(step), { ...step, ...NOT_RUN });
      break;
    case 'stage-started':
      known.stages = [...known.stages, { name: event.stage, startedAt: event.time, endedAt: null, seconds: null }];
      break;
    case 'stage-finished':
      known.stages = known.stages.map(stage =>
        stage.name === event.stage ? { ...stage, endedAt: event.time, seconds: event.seconds } : stage,
      );
      break;
    case 'step-started':
      known.steps.set(keyOf(event.step), { ...event.step, ...NOT_RUN, startedAt: event.time });
      break;
    case 'step-finished': {
      const before = known.steps.get(keyOf(event.step));
      const { seconds, exitCode, ok } = event;
      known.steps.set(keyOf(event.step), { ...event.step, ...NOT_RUN, ...before, seconds, exitCode, ok });
      break;
    }
  }
}

const NOT_RUN = { startedAt: null, seconds: null, exitCode: null, ok: null } as const;

function keyOf({ phase, index }: { readonly phase: string; readonly index: number }): string {
  return `${phase} ${index}`;
}
