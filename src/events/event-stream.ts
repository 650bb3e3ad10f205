import type { BuildEvent, BuildEventBody } from './build-event.ts';
import { CutLines } from './cut-lines.ts';
import { type Scrub, scrubEvent } from './scrub.ts';

export type Listener = (event: BuildEvent) => void;

/**
 * The one stream out of a run. Events are numbered, dated and scrubbed here, so that no rendering can
 * leak a secret or disagree with another about the order.
 */
export class EventStream {
  readonly #runId: string;
  readonly #scrub: Scrub;
  readonly #listeners = new Set<Listener>();
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
      this.#send({ ...body, line: this.#linesOf(body.stream).next(body.line) });
      return;
    }
    if (body.type === 'step-finished') {
      for (const [stream, lines] of this.#cutLines) {
        const line = lines.end();
        if (line !== '') this.#send({ type: 'step-output', step: body.step, stream, line });
      }
    }
    this.#send(body);
  };

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
