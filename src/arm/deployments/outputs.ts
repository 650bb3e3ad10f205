import type { Context } from './context.ts';
import { evaluateText } from './evaluate.ts';
import { evaluateJson, type Findings, rounds } from './evaluate-json.ts';
import { Failure } from './failure.ts';
import {
  isObject,
  type JsonObject,
  type JsonValue,
  member,
  memberValue,
  type Segment,
  typeName,
} from './json-value.ts';
import { isOfType, isSecret, readSchema, type Schema } from './parameter-schema.ts';
import type { Problems } from './problems.ts';

/** An output of a deployment. */
export interface Output {
  readonly type: string;
  readonly value: JsonValue;
  /** Whether the value is not to be shown. */
  readonly secret: boolean;
}

/** Evaluates the outputs whose condition holds. Those that have to wait for a resource are left out; `findings` say for which. */
export function evaluateOutputs(
  section: JsonObject,
  path: readonly Segment[],
  template: JsonObject,
  context: Context,
  findings: Findings,
): Readonly<Record<string, Output>> {
  const outputs: [string, Output][] = [];
  for (const [name, definition] of Object.entries(section)) {
    const at = [...path, name];
    const output = findings.problems.attempt(at, () => evaluateOutput(definition, at, template, context, findings));
    if (output !== undefined) outputs.push([name, output]);
  }
  return Object.fromEntries(outputs);
}

function evaluateOutput(
  definition: JsonValue,
  path: readonly Segment[],
  template: JsonObject,
  context: Context,
  findings: Findings,
): Output | undefined {
  if (!isObject(definition)) throw new Failure('It must be an object with `type` and `value`.');
  const schema = readSchema(definition, template);
  if (!holds(definition, context)) return undefined;
  const own: Findings = { problems: findings.problems, waits: new Set() };
  const before = findings.problems.count;
  const value = valueFor(definition, path, context, own);
  for (const id of own.waits) findings.waits.add(id);
  if (own.waits.size > 0 || findings.problems.count > before) return undefined;
  checkType(value, schema, path, findings.problems);
  return { type: schema.type, value, secret: isSecret(schema) };
}

function holds(definition: JsonObject, context: Context): boolean {
  const written = memberValue(definition, 'condition') ?? true;
  const condition = typeof written === 'string' ? evaluateText(written, { ...context, reference: undefined }) : written;
  if (typeof condition !== 'boolean') throw new Failure('Its `condition` must be a boolean.');
  return condition;
}

function valueFor(definition: JsonObject, path: readonly Segment[], context: Context, findings: Findings): JsonValue {
  const [copyName, loop] = member(definition, 'copy') ?? [];
  if (copyName !== undefined) {
    if (loop === undefined || !isObject(loop)) throw new Failure('`copy` must be an object with `count` and `input`.');
    return rounds(loop, '', [...path, copyName], context, findings);
  }
  const [written, value] = member(definition, 'value') ?? [];
  if (written === undefined || value === undefined) throw new Failure('It needs a `value`.');
  return evaluateJson(value, [...path, written], context, findings);
}

function checkType(value: JsonValue, schema: Schema, path: readonly Segment[], problems: Problems): void {
  if (isOfType(value, schema.type) || (value === null && schema.nullable)) return;
  const message = `Template output JToken type is not valid. Expected '${schema.type}'. Actual '${typeName(value)}'.`;
  problems.add(path, new Failure(message, { code: 'DeploymentOutputEvaluationFailed' }));
}
