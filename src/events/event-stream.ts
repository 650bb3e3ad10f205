import type { BuildEvent, BuildEventBody } from './build-event.ts';
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
  #seq = 0;

  constructor(runId: string, scrub: Scrub) {
    this.#runId = runId;
    this.#scrub = scrub;
  }

  readonly emit = (body: BuildEventBody): void => {
    this.#seq += 1;
    const event = scrubEvent(this.#scrub, {
      v: 1,
      seq: this.#seq,
      time: new Date().toISOString(),
      runId: this.#runId,
      ...body,
    } as BuildEvent);
    for (const listener of this.#listeners) listener(event);
  };

  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
