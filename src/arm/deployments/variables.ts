import type { Context, Names } from './context.ts';
import { evaluateJson, rounds } from './evaluate-json.ts';
import { Consequence, Failure } from './failure.ts';
import { isArray, isObject, type JsonObject, type JsonValue, memberValue, type Segment } from './json-value.ts';
import { memoized } from './memoized.ts';
import type { Problems } from './problems.ts';

interface Variable {
  readonly name: string;
  readonly evaluate: (context: Context, problems: Problems) => JsonValue;
}

/** The variables of a template: each is evaluated when it is first asked for. */
export interface Variables {
  variable: Names['variable'];
  /** Evaluates all, so that every problem is found. */
  evaluateAll(): void;
}

/** `context` is that of the variables' own expressions: without a state of resources. */
export function readVariables(
  section: JsonObject,
  path: readonly Segment[],
  context: Context,
  problems: Problems,
): Variables {
  const found = new Map<string, Variable>();
  for (const [name, value] of Object.entries(section)) {
    if (name.toLowerCase() === 'copy' && isArray(value)) {
      for (const [i, loop] of value.entries()) {
        const variable = looped(loop, [...path, name, i], problems);
        if (variable !== undefined) found.set(variable.name.toLowerCase(), variable);
      }
    } else found.set(name.toLowerCase(), plain(name, value, [...path, name]));
  }
  const values = memoized<JsonValue>(
    key => found.get(key)?.evaluate(context, problems) ?? null,
    key => new Failure(`The template variable '${found.get(key)?.name}' refers to itself.`),
  );
  return {
    variable(name) {
      const key = name.toLowerCase();
      if (!found.has(key)) {
        throw new Failure(
          `The template variable '${name}' is not found. Please see https://aka.ms/arm-syntax-variables for usage details.`,
        );
      }
      return values(key);
    },
    evaluateAll() {
      for (const { name } of found.values()) problems.attempt([...path, name], () => this.variable(name));
    },
  };
}

function plain(name: string, value: JsonValue, path: readonly Segment[]): Variable {
  return { name, evaluate: (context, problems) => whole(problems, own => evaluateJson(value, path, context, own)) };
}

function looped(loop: JsonValue, path: readonly Segment[], problems: Problems): Variable | undefined {
  const name = isObject(loop) ? memberValue(loop, 'name') : undefined;
  if (!isObject(loop) || typeof name !== 'string') {
    problems.add(path, new Failure('A loop of variables needs `name`, `count` and `input`.'));
    return undefined;
  }
  return { name, evaluate: (context, all) => whole(all, own => rounds(loop, name, path, context, own)) };
}

/** The value, when there was no problem anywhere in it. @throws Consequence */
function whole<T>(problems: Problems, run: (findings: { problems: Problems; waits: Set<string> }) => T): T {
  const before = problems.count;
  const value = run({ problems, waits: new Set() });
  if (problems.count > before) throw new Consequence();
  return value;
}
