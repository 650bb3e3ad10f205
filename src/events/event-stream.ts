import type { BuildEvent, BuildEventBody, StepRef } from './build-event.ts';
import { CutLines } from './cut-lines.ts';
import { type Scrub, scrubEvent } from './scrub.ts';

/** After these there is no more output of the step before: not every step is said to have finished. */
const ENDS_OUTPUT: ReadonlySet<BuildEventBody['type']> = new Set([
  'step-started',
  'step-finished',
  'stage-finished',
  'run-finished',
]);

export type Listener = (event: BuildEvent) => void;

/**
 * The one stream out of a run. Events are numbered, dated and scrubbed here, so that no rendering can
 * leak a secret or disagree with another about the order.
 */
export class EventStream {
  readonly #runId: string;
  readonly #scrub: Scrub;
  readonly #listeners = new Set<Listener>();
  /** Whose output was held back, if any was. */
  #step: StepRef | undefined;
  /** By source of lines: where the output of the step that runs was cut. */
  readonly #cutLines = new Map<'stdout' | 'stderr', CutLines>();
  #seq: number;

  /** @param after number of the last event of an earlier attempt, whose file this one goes on with */
  constructor(runId: string, scrub: Scrub, after = 0) {
    this.#runId = runId;
    this.#scrub = scrub;
    this.#seq = after;
  }

  readonly emit = (body: BuildEventBody): void => {
    if (body.type === 'step-output') {
      this.#step = body.step;
      this.#send({ ...body, line: this.#linesOf(body.stream).next(body.line) });
      return;
    }
    if (ENDS_OUTPUT.has(body.type)) this.#flush();
    this.#send(body);
  };

  /** What was held back belongs to the step that printed it, whatever comes next. */
  #flush(): void {
    for (const [stream, lines] of this.#cutLines) {
      const line = lines.end();
      if (line !== '' && this.#step !== undefined) this.#send({ type: 'step-output', step: this.#step, stream, line });
    }
    this.#step = undefined;
  }

  #linesOf(stream: 'stdout' | 'stderr'): CutLines {
    const lines = this.#cutLines.get(stream) ?? new CutLines(this.#scrub);
    this.#cutLines.set(stream, lines);
    return lines;
  }

  #send(body: BuildEventBody): void {
    this.#seq += 1;
    const event = scrubEvent(this.#scrub, {
      v: 1,
      seq: this.#seq,
      time: new Date().toISOString(),
      runId: this.#runId,
      ...body,
    } as BuildEvent);
    for (const listener of this.#listeners) listener(event);
  }

  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
