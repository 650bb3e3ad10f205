/** An answer as it was sent. */
export interface KeptAnswer {
  readonly action: string;
  readonly status: number;
  readonly body: Buffer;
}

/** What the answers that are kept may take, in bytes. */
const LIMIT_BYTES = 64 * 1024 * 1024;
/** What an entry takes besides its body. */
const ENTRY_BYTES = 512;

/**
 * Answers that were read from the database, kept until something is written to it. Clients that wait for a run ask the same
 * again and again, and a portal asks for whole lists.
 */
export class AnswerCache {
  readonly #dataVersion: () => number;
  readonly #answers = new Map<string, KeptAnswer>();
  #bytes = 0;
  #version = Number.NaN;

  /** @param dataVersion another number after every commit */
  constructor(dataVersion: () => number) {
    this.#dataVersion = dataVersion;
  }

  /** The answer that was kept under a key, if nothing was written since. */
  get(key: string): KeptAnswer | undefined {
    this.version();
    return this.#answers.get(key);
  }

  /** The state of the database now. To be asked before an answer is made. */
  version(): number {
    const version = this.#dataVersion();
    if (version !== this.#version) {
      this.#answers.clear();
      this.#bytes = 0;
      this.#version = version;
    }
    return version;
  }

  /** Keeps an answer that was begun in this state of the database. */
  keep(key: string, answer: KeptAnswer, begun: number): void {
    const bytes = answer.body.length + key.length * 2 + ENTRY_BYTES;
    if (begun !== this.version() || this.#answers.has(key) || this.#bytes + bytes > LIMIT_BYTES) return;
    this.#answers.set(key, answer);
    this.#bytes += bytes;
  }
}
