import { setTimeout as sleep } from 'node:timers/promises';
import { BoundedMap } from './bounded-map.ts';

/** Failures that cost nothing: a person who mistypes. */
const FREE = 3;
const FIRST_DELAY_MS = 200;
const LONGEST_DELAY_MS = 5000;
/** After this time without a failure all is forgotten. */
const MEMORY_MS = 10 * 60_000;
/** Attempts under one name that wait at the same time; more are turned away. */
const MOST_WAITING = 8;
/** Names that are remembered. */
const NAMES = 10_000;

interface Record {
  failures: number;
  lastFailure: number;
  waiting: number;
  tail: Promise<unknown>;
}

/**
 * Makes guessing slow: attempts under one name come one after the other, and after some failures each waits before it is made,
 * twice as long as the one before, up to five seconds. A right attempt clears the name.
 */
export class SlowDown {
  readonly #records = new BoundedMap<string, Record>(NAMES);
  readonly #pause: (milliseconds: number) => Promise<unknown>;
  readonly #now: () => number;

  constructor(pause: (milliseconds: number) => Promise<unknown> = sleep, now: () => number = Date.now) {
    this.#pause = pause;
    this.#now = now;
  }

  /** What `attempt` says, or `busy` without asking it. `succeeded` tells a right attempt from a wrong one. */
  async attempt<T>(name: string, attempt: () => Promise<T>, succeeded: (outcome: T) => boolean): Promise<T | 'busy'> {
    const record = this.#recordOf(name);
    if (record.waiting >= MOST_WAITING) return 'busy';
    record.waiting += 1;
    const turn = record.tail.then(async () => {
      await this.#pauseFor(record);
      const outcome = await attempt();
      if (succeeded(outcome)) record.failures = 0;
      else {
        record.failures += 1;
        record.lastFailure = this.#now();
      }
      return outcome;
    });
    record.tail = turn.catch(() => undefined);
    try {
      return await turn;
    } finally {
      record.waiting -= 1;
    }
  }

  async #pauseFor(record: Record): Promise<void> {
    if (this.#now() - record.lastFailure > MEMORY_MS) record.failures = 0;
    const counted = record.failures - FREE;
    if (counted >= 0) await this.#pause(Math.min(FIRST_DELAY_MS * 2 ** counted, LONGEST_DELAY_MS));
  }

  #recordOf(name: string): Record {
    const known = this.#records.get(name);
    if (known !== undefined) return known;
    const fresh: Record = { failures: 0, lastFailure: 0, waiting: 0, tail: Promise.resolve() };
    this.#records.set(name, fresh);
    return fresh;
  }
}
