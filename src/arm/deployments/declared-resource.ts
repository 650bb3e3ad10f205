import type { Context } from './context.ts';
import type { JsonObject, Segment } from './json-value.ts';

/** One resource of a template, or one round of a loop of them, before its properties are evaluated. */
export interface DeclaredResource {
  readonly path: readonly Segment[];
  readonly source: JsonObject;
  /** Its name in the newer language; `name[2]` in a loop. */
  readonly symbol: string | undefined;
  readonly type: string;
  readonly apiVersion: string;
  /** With those of its parents: `gallery/definition`. */
  readonly name: string;
  readonly id: string;
  readonly loop: Loop | undefined;
  readonly parent: DeclaredResource | undefined;
  /** Whether its condition holds. Otherwise it is not deployed, and may exist all the same. */
  readonly deployed: boolean;
  /** Whether the template says that it exists already. */
  readonly existing: boolean;
  readonly context: Context;
}

/** The place of a resource in its loop. */
export interface Loop {
  readonly name: string;
  /** The loop's name in the newer language. */
  readonly symbol: string | undefined;
  readonly index: number;
  /** Of so many resources at a time; all at once when there is no such number. */
  readonly batchSize: number | undefined;
}
