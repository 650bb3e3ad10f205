import { Exhausted, Failure } from './failure.ts';
import { isArray, isObject, type JsonValue, MAX_DEPTH } from './json-value.ts';

/** Resource Manager's own limits, and those that keep a hostile template from costing more than a second or two. */
export const LIMITS = {
  /** Characters of an expression. */
  expression: 24_576,
  /** Levels of calls and brackets in one expression. */
  nesting: 100,
  /** Levels of evaluation, through variables and functions of the template. */
  depth: 250,
  /** Rounds of a copy loop, resources of a deployment. */
  copies: 800,
  resources: 800,
  /** Entries of `parameters`, `variables` and `outputs`. */
  entries: 256,
  outputs: 64,
  /** Elements that `range` makes. */
  range: 10_000,
  /** Characters of a text. */
  text: 1_048_576,
  /** Characters and elements of a value, with everything inside it. */
  value: 4_194_304,
  /** Evaluated calls, with a share for what they read. */
  steps: 1_000_000,
} as const;

/** How much a value reads as when it is handled once. */
const SHARE = 32;

interface Extent {
  readonly size: number;
  readonly depth: number;
}

/** Counts what an evaluation does, and ends it when that is too much. One for a deployment with all that is nested in it. */
export class Budget {
  #steps = 0;
  #depth = 0;
  /** A value may hold another many times over at no cost, so its extent is not what it takes in memory. */
  readonly #extents = new WeakMap<object, Extent>();

  /** @throws Exhausted when the deployment has used up its steps. */
  spend(steps: number): void {
    this.#steps += steps;
    if (this.#steps > LIMITS.steps) throw new Exhausted();
  }

  /** Runs one level of evaluation. @throws Failure when there are too many inside each other. */
  level<T>(run: () => T): T {
    this.spend(1);
    if (this.#depth >= LIMITS.depth) {
      throw new Failure(`The template needs more than ${LIMITS.depth} levels of evaluation inside each other.`);
    }
    this.#depth++;
    try {
      return run();
    } finally {
      this.#depth--;
    }
  }

  /** Counts the reading of values. */
  read(values: readonly JsonValue[]): void {
    let size = 1;
    for (const value of values) size += this.#extent(value, 0).size / SHARE;
    this.spend(size);
  }

  /** The value, when it is of a bearable size. @throws Failure */
  bounded<T extends JsonValue>(value: T): T {
    this.#extent(value, 0);
    return value;
  }

  /** @throws Failure when a text of so many characters would be too long to make. */
  text(length: number): void {
    if (length > LIMITS.text) {
      throw new Failure(`A text of ${length} characters is longer than the limit of ${LIMITS.text}.`);
    }
  }

  #extent(value: JsonValue, level: number): Extent {
    if (typeof value === 'string') {
      this.text(value.length);
      return { size: value.length + 1, depth: 0 };
    }
    if (typeof value !== 'object' || value === null) return { size: 1, depth: 0 };
    const known = this.#extents.get(value);
    if (known !== undefined) return known;
    if (level > MAX_DEPTH) throw tooDeep();
    let size = 1;
    let depth = 0;
    const add = (inner: JsonValue): void => {
      const extent = this.#extent(inner, level + 1);
      size += extent.size;
      depth = Math.max(depth, extent.depth + 1);
    };
    if (isArray(value)) for (const one of value) add(one);
    else if (isObject(value)) {
      for (const [name, one] of Object.entries(value)) {
        size += name.length;
        add(one);
      }
    }
    if (size > LIMITS.value) throw new Failure(`A value is larger than the limit of ${LIMITS.value} characters.`);
    if (depth > MAX_DEPTH) throw tooDeep();
    this.#extents.set(value, { size, depth });
    return { size, depth };
  }
}

function tooDeep(): Failure {
  return new Failure(`A value is nested more than ${MAX_DEPTH} levels deep.`);
}
