import type { Scrub } from './scrub.ts';

/** Who reads lines from a guest cuts those that are longer. */
const CUT_AT = 8192;

/** More is not held back: of a line in which secrets follow one another for longer than this the rest is left out. */
const HELD_AT_MOST = 64 * 1024;

/**
 * Lines of one source, parted so that each can be scrubbed by itself: where a long line was cut, a secret may begin in one
 * piece and end in the next. What may be its beginning is moved to the next piece.
 */
export class CutLines {
  readonly #scrub: Scrub;
  #held = '';
  #leftOut = false;

  constructor(scrub: Scrub) {
    this.#scrub = scrub;
  }

  /** The line to go on with instead of this one. */
  next(line: string): string {
    const isLast = line.length < CUT_AT;
    const text = this.#held + line;
    if (this.#leftOut || text.length > HELD_AT_MOST) {
      this.#held = '';
      this.#leftOut = !isLast;
      return '***';
    }
    const open = isLast ? 0 : this.#scrub.open(text);
    this.#held = text.slice(text.length - open);
    return text.slice(0, text.length - open);
  }

  /** What was held back and has no next piece; empty when there is nothing. */
  end(): string {
    const rest = this.#held;
    this.#held = '';
    this.#leftOut = false;
    return rest;
  }
}

/** All lines of a source, each scrubbed. */
export function scrubLines(scrub: Scrub, lines: readonly string[]): readonly string[] {
  const cut = new CutLines(scrub);
  const whole = lines.map(line => cut.next(line));
  const rest = cut.end();
  return [...whole, ...(rest === '' ? [] : [rest])].map(scrub);
}
