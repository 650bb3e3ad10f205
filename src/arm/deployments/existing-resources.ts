/** A resource that an expression asks for. */
export interface Asked {
  readonly id: string;
  readonly apiVersion: string | undefined;
}

/** Looks up resources that exist, in the order in which they are asked for; `undefined` for one that does not. */
export type LookUp = (asked: readonly Asked[]) => Promise<readonly unknown[]>;

/**
 * Each round of evaluation asks for something that the one before could not know of. A template that still asks after
 * these makes up its ids from what it finds.
 */
const MOST_ROUNDS = 50;

/**
 * Resources outside of a deployment, for `DeploymentOptions.existing`. Expressions are evaluated without waiting, and a store
 * is waited for: so what is evaluated asks, is told that there is no such resource, and is evaluated again with what has been
 * found.
 */
export class ExistingResources {
  readonly #lookUp: LookUp;
  readonly #found = new Map<string, unknown>();
  readonly #asked = new Map<string, Asked>();

  constructor(lookUp: LookUp) {
    this.#lookUp = lookUp;
  }

  /** What is known of a resource so far. */
  readonly get = (id: string, apiVersion?: string): unknown => {
    const key = `${id.toLowerCase()} ${apiVersion ?? ''}`;
    if (!this.#found.has(key)) this.#asked.set(key, { id, apiVersion });
    return this.#found.get(key);
  };

  /**
   * Evaluates until all that is asked for has been looked up. What fails for want of it is tried again. To come to an end the
   * same has to be asked for each time, whatever the time and the new GUIDs.
   */
  async settle<T>(evaluate: () => T): Promise<T> {
    for (let round = 1; ; round++) {
      this.#asked.clear();
      try {
        const result = evaluate();
        if (this.#asked.size === 0 || round === MOST_ROUNDS) return result;
      } catch (error) {
        if (this.#asked.size === 0 || round === MOST_ROUNDS) throw error;
      }
      const asked = [...this.#asked];
      const found = await this.#lookUp(asked.map(([, one]) => one));
      for (const [index, [key]] of asked.entries()) this.#found.set(key, found[index]);
    }
  }
}
