import { armError } from '../../errors/arm.ts';
import { deploymentError } from '../../errors/deployments.ts';
import type { ErrorDetail, KilnError } from '../../errors/kiln-error.ts';
import { Consequence, type DeploymentCode, Exhausted, Failure } from './failure.ts';
import type { Segment } from './json-value.ts';

/** 1-based place of a path in the file, when there is a file. */
export type Locate = (path: readonly Segment[]) => { readonly line: number; readonly column: number } | undefined;

/** What problems are told with. */
export interface Telling {
  readonly locate: Locate;
  /** Texts that no message may show. */
  readonly secrets: ReadonlySet<string>;
}

/** Problems of one deployment that are told, and characters of one message: a hostile template has no end of both. */
const MOST_PROBLEMS = 200;
const LONGEST_MESSAGE = 2000;
/** Secrets that are looked for in messages. */
const MOST_SECRETS = 1000;

/** A shorter text would be found in the middle of words. */
const SHORTEST_SECRET = 4;

interface Problem extends ErrorDetail {
  readonly code: DeploymentCode;
}

/** Gathers what is wrong with one deployment, each thing with its place. */
export class Problems {
  readonly #found = new Map<string, Problem>();
  readonly #telling: Telling;
  #count = 0;
  #exhausted = false;

  constructor(telling: Telling) {
    this.#telling = telling;
  }

  /** Runs something that may fail; nothing comes back when it did. @throws Exhausted, which ends the whole */
  attempt<T>(path: readonly Segment[], run: () => T): T | undefined {
    try {
      return run();
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      this.add(path, error);
      if (error instanceof Exhausted) throw error;
      return undefined;
    }
  }

  /** Runs the whole of what is evaluated. */
  attemptAll<T>(run: () => T): T | undefined {
    try {
      return this.attempt([], run);
    } catch (error) {
      if (error instanceof Exhausted) return undefined;
      throw error;
    }
  }

  add(path: readonly Segment[], failure: Failure): void {
    this.#count++;
    if (failure instanceof Exhausted) {
      if (this.#exhausted) return;
      this.#exhausted = true;
    }
    const key = showPath(path);
    // Of several problems at one place the first counts; so it does for a loop, which fails in each of its rounds.
    if (failure instanceof Consequence || this.#found.has(key) || this.#found.size >= MOST_PROBLEMS) return;
    const whole = `${NAMED.test(failure.message) ? '' : intro(path)}${explain(failure)}`;
    const place = this.#telling.locate(path) ?? {};
    const message = whole.slice(0, 2 * LONGEST_MESSAGE);
    this.#found.set(key, { code: failure.code, message, target: key, ...place });
  }

  /** How often something failed, what follows from another failure included. */
  get count(): number {
    return this.#count;
  }

  /** @throws KilnError that says it all, if there is anything to say. */
  throwIfFailed(): void {
    const error = this.toError();
    if (error !== undefined) throw error;
  }

  /** What is missing in Kiln is the error only when nothing else is wrong. */
  toError(): KilnError | undefined {
    const details = [...this.#found.values()].map(one => ({ ...one, message: this.#shown(one.message) }));
    const first = details.find(one => one.code === 'InvalidTemplate') ?? details[0];
    if (first === undefined) return undefined;
    const options = { details, ...(first.target === undefined ? {} : { target: first.target }) };
    const params = { first: first.message, message: first.message, more: details.length - 1 };
    if (first.code === 'ResourceNotFound') return armError(first.code, { message: first.message }, options);
    if (first.code !== 'DeploymentOutputEvaluationFailed') return deploymentError(first.code, params, options);
    const names = details.map(one => /outputs\.([^.[]+)/i.exec(one.target ?? '')?.[1] ?? '').join(', ');
    return deploymentError(first.code, { ...params, names }, options);
  }

  #shown(message: string): string {
    if (this.#telling.secrets.size > MOST_SECRETS)
      return 'What is wrong is not shown, because too many texts are secret.';
    let shown = message;
    // The longest first: a secret may be a part of another.
    for (const secret of [...this.#telling.secrets].sort((a, b) => b.length - a.length)) {
      if (secret.length >= SHORTEST_SECRET) shown = shown.replaceAll(secret, '***');
    }
    return shown.length > LONGEST_MESSAGE ? `${shown.slice(0, LONGEST_MESSAGE)}…` : shown;
  }
}

const KINDS: Readonly<Record<string, string>> = {
  parameters: 'parameter',
  variables: 'variable',
  resources: 'resource',
  outputs: 'output',
  functions: 'function',
};

/** Messages that say already which parameter they are about. */
const NAMED = /^The (provided )?value for the template parameter '/;

/** `The template variable 'x' is not valid: `, for what is inside of one. */
function intro(path: readonly Segment[]): string {
  const [section, name] = path;
  const kind = KINDS[String(section).toLowerCase()];
  if (kind === undefined || name === undefined) return '';
  return `The template ${kind} '${showPath(kind === 'resource' ? path : [name])}' is not valid: `;
}

function explain(failure: Failure): string {
  if (failure.expression === undefined) return failure.message;
  const { text, phase } = failure.expression;
  const doing = phase === 'parse' ? 'parse language expression' : 'process template language expression';
  const position = failure.position ?? 1;
  return `Unable to ${doing} '${shown(text, position)}' at position ${position}: ${failure.message}`;
}

/** Room for an expression in a message. */
const SHOWN = 200;

function shown(text: string, position: number): string {
  if (text.length <= SHOWN) return text;
  const start = Math.max(0, Math.min(position - 1 - SHOWN / 2, text.length - SHOWN));
  return `${start > 0 ? '…' : ''}${text.slice(start, start + SHOWN)}${start + SHOWN < text.length ? '…' : ''}`;
}

/** `resources[0].properties.source`; names that are not plain words are quoted. */
export function showPath(path: readonly Segment[]): string {
  return path.reduce<string>((shown, segment) => {
    if (typeof segment === 'number') return `${shown}[${segment}]`;
    if (!/^[$\w-]+$/.test(segment)) return `${shown}[${JSON.stringify(segment)}]`;
    return shown === '' ? segment : `${shown}.${segment}`;
  }, '');
}
