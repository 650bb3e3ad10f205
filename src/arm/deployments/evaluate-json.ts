import { LIMITS } from './budget.ts';
import { type Context, inRound } from './context.ts';
import { evaluateText, parseText } from './evaluate.ts';
import { Failure, Waits } from './failure.ts';
import { isArray, isObject, type JsonObject, type JsonValue, member, memberValue, type Segment } from './json-value.ts';
import type { Problems } from './problems.ts';
import { waitedFor } from './waited-for.ts';

/** What comes of evaluating a whole value: its problems, and the ids of resources that have to exist first. */
export interface Findings {
  readonly problems: Problems;
  readonly waits: Set<string>;
}

/**
 * Evaluates every expression in a value, and its loops (`copy`). Where something failed or has to wait, what comes back is of no
 * use, and `findings` say so.
 */
export function evaluateJson(
  value: JsonValue,
  path: readonly Segment[],
  context: Context,
  findings: Findings,
): JsonValue {
  // Rounds of loops evaluate what is in them again.
  context.budget.spend(1 / 8);
  const inner = (one: JsonValue, segment: Segment): JsonValue =>
    evaluateJson(one, [...path, segment], context, findings);
  if (typeof value === 'string') return evaluateLeaf(value, path, context, findings);
  if (isArray(value)) return context.budget.bounded(value.map(inner));
  if (!isObject(value)) return value;
  const entries: [string, JsonValue][] = [];
  for (const [name, one] of Object.entries(value)) {
    if (name.toLowerCase() === 'copy' && isArray(one)) entries.push(...loops(one, [...path, name], context, findings));
    else entries.push([evaluateName(name, [...path, name], context, findings), inner(one, name)]);
  }
  return context.budget.bounded(Object.fromEntries(entries));
}

function evaluateLeaf(text: string, path: readonly Segment[], context: Context, findings: Findings): JsonValue {
  try {
    return findings.problems.attempt(path, () => evaluateText(text, context)) ?? null;
  } catch (error) {
    if (!(error instanceof Waits)) throw error;
    findings.waits.add(error.id);
    for (const id of waitedFor(parseText(text, context), context)) findings.waits.add(id);
    return null;
  }
}

/** Names of properties may be expressions: ids of identities are such names. */
function evaluateName(name: string, path: readonly Segment[], context: Context, findings: Findings): string {
  const evaluated = evaluateLeaf(name, path, context, findings);
  if (typeof evaluated === 'string') return evaluated;
  if (evaluated !== null) findings.problems.add(path, new Failure('The name of a property must be a text.'));
  return name;
}

/** The properties that loops stand for: `"copy": [{ "name": "disks", "count": 3, "input": {...} }]`. */
function loops(
  list: readonly JsonValue[],
  path: readonly Segment[],
  context: Context,
  findings: Findings,
): [string, JsonValue][] {
  return list.flatMap((loop, i): [string, JsonValue][] => {
    const at = [...path, i];
    const name = isObject(loop) ? memberValue(loop, 'name') : undefined;
    if (!isObject(loop) || typeof name !== 'string' || member(loop, 'input') === undefined) {
      findings.problems.add(at, new Failure('A loop of properties needs `name`, `count` and `input`.'));
      return [];
    }
    return [[name, rounds(loop, name, at, context, findings)]];
  });
}

/** What one loop makes: its `input`, once for each round. */
export function rounds(
  loop: JsonObject,
  name: string,
  path: readonly Segment[],
  context: Context,
  findings: Findings,
): readonly JsonValue[] {
  const count = loopCount(loop, path, { ...context, reference: undefined }, findings.problems);
  const [written, input] = member(loop, 'input') ?? ['input', null];
  return Array.from({ length: count }, (_, i) =>
    // Only a resource's own loop is what `copyIndex()` without a name means, unless there is no such loop.
    evaluateJson(input, [...path, written], inRound(context, name, i, context.loops.size === 0), findings),
  );
}

/** The rounds of a loop; none after a problem. */
export function loopCount(loop: JsonObject, path: readonly Segment[], context: Context, problems: Problems): number {
  const [written, value] = member(loop, 'count') ?? ['count', null];
  const count = problems.attempt([...path, written], () => {
    const number = typeof value === 'string' ? evaluateText(value, context) : value;
    if (typeof number !== 'number' || !Number.isInteger(number) || number < 0 || number > LIMITS.copies) {
      throw new Failure(`The copy count must be an integer between 0 and ${LIMITS.copies}.`);
    }
    context.budget.spend(number);
    return number;
  });
  return count ?? 0;
}
