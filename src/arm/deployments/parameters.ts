import { checkParameter } from './check-value.ts';
import type { Context, Names } from './context.ts';
import { evaluateJson } from './evaluate-json.ts';
import { Consequence, Failure, unsupported } from './failure.ts';
import {
  asJson,
  isArray,
  isObject,
  type JsonObject,
  type JsonValue,
  member,
  memberValue,
  type Segment,
} from './json-value.ts';
import { memoized } from './memoized.ts';
import { isSecret, readSchema, type Schema } from './parameter-schema.ts';
import type { Problems } from './problems.ts';

/** A parameter with the value that the deployment has for it. */
export interface Parameter {
  readonly name: string;
  readonly type: string;
  readonly value: JsonValue;
  /** Whether the value is not to be shown. */
  readonly secret: boolean;
}

export interface Parameters {
  parameter: Names['parameter'];
  /** Evaluates all, so that every problem is found. */
  evaluateAll(): readonly Parameter[];
}

interface Declared {
  readonly name: string;
  readonly definition: JsonObject;
  readonly schema: Schema;
}

/**
 * @param given values by name; each as in a parameters file (`{ "value": ... }`), or as it is. A text for a parameter of another
 *   type is read as on a command line: `3`, `true`, or JSON.
 * @param context that of default values
 */
export function readParameters(
  template: JsonObject,
  given: Readonly<Record<string, unknown>>,
  path: readonly Segment[],
  context: Omit<Context, 'names'>,
  problems: Problems,
): Parameters {
  const [written, section] = member(template, 'parameters') ?? ['parameters', {}];
  const at = [...path, written];
  const declared = new Map<string, Declared>();
  for (const [name, definition] of Object.entries(isObject(section) ? section : {})) {
    const one = problems.attempt([...at, name], () => declare(name, definition, template));
    if (one !== undefined) declared.set(name.toLowerCase(), one);
  }
  refuseUnknown(given, Object.keys(isObject(section) ? section : {}), at, problems);

  const names: Names = {
    parameter: name => parameter(name),
    variable: name => {
      throw new Failure(`A default value can't use the variable '${name}': variables are made after parameters.`);
    },
    templateFunction: () => undefined,
  };
  const values = memoized<JsonValue>(
    key => {
      const one = declared.get(key);
      return one === undefined ? null : valueFor(one, given, template, { ...context, names }, at, problems);
    },
    key => new Failure(`The template parameter '${declared.get(key)?.name}' refers to itself.`),
  );
  const parameter: Names['parameter'] = name => {
    const key = name.toLowerCase();
    if (declared.has(key)) return values(key);
    if (isObject(section) && member(section, name) !== undefined) throw new Consequence();
    throw new Failure(
      `The template parameter '${name}' is not found. Please see https://aka.ms/arm-syntax-parameters for usage details.`,
    );
  };
  return {
    parameter,
    evaluateAll: () =>
      [...declared.values()].flatMap(({ name, schema }) => {
        const value = problems.attempt([...at, name], () => parameter(name));
        return value === undefined ? [] : [{ name, type: schema.type, value, secret: isSecret(schema) }];
      }),
  };
}

function declare(name: string, definition: JsonValue, template: JsonObject): Declared {
  if (!isObject(definition)) throw new Failure('It must be an object with a `type`.');
  return { name, definition, schema: readSchema(definition, template) };
}

function refuseUnknown(
  given: Readonly<Record<string, unknown>>,
  declared: readonly string[],
  path: readonly Segment[],
  problems: Problems,
): void {
  const known = new Set(declared.map(name => name.toLowerCase()));
  const unknown = Object.keys(given).filter(name => !known.has(name.toLowerCase()));
  if (unknown.length === 0) return;
  const message = `The following parameters were supplied, but do not correspond to any parameters defined in the template: '${unknown.join(', ')}'. The parameters defined in the template are: '${declared.join(', ')}'.`;
  problems.add(path, new Failure(message));
}

function valueFor(
  { name, definition, schema }: Declared,
  given: Readonly<Record<string, unknown>>,
  template: JsonObject,
  context: Context,
  path: readonly Segment[],
  problems: Problems,
): JsonValue {
  const [key] = Object.keys(given).filter(one => one.toLowerCase() === name.toLowerCase());
  let value: JsonValue | undefined;
  if (key !== undefined) value = givenValue(given[key], schema);
  if (value === undefined) {
    const [written, byDefault] = member(definition, 'defaultValue') ?? [];
    if (written !== undefined && byDefault !== undefined) {
      const before = problems.count;
      const findings = { problems, waits: new Set<string>() };
      value = evaluateJson(byDefault, [...path, name, written], context, findings);
      if (problems.count > before) throw new Consequence();
    } else if (schema.nullable) return null;
    else {
      throw new Failure(
        `The value for the template parameter '${name}' is not provided. Please see https://aka.ms/arm-create-parameter-file for usage details.`,
      );
    }
  }
  checkParameter(name, context.budget.bounded(value), schema, template, context.budget);
  return value;
}

/** What was given, out of its wrapping. @throws Failure */
function givenValue(given: unknown, schema: Schema): JsonValue | undefined {
  const json = asJson(given);
  if (json === undefined) throw new Failure('The value that was given is not JSON.');
  if (isObject(json)) {
    const names = Object.keys(json).map(name => name.toLowerCase());
    if (names.includes('reference') && names.length === 1) {
      throw unsupported('Kiln has no key vaults: give the value itself instead of a `reference`.');
    }
    if (names.length === 1 && names[0] === 'value') return memberValue(json, 'value');
  }
  if (typeof json === 'string' && schema.type !== 'string' && schema.type !== 'securestring') return fromText(json);
  return json;
}

/** A text of a command line for a parameter that is no text. */
function fromText(text: string): JsonValue {
  if (/^(true|false)$/i.test(text.trim())) return text.trim().toLowerCase() === 'true';
  try {
    return asJson(JSON.parse(text)) ?? text;
  } catch {
    return text;
  }
}

/** Every text in the values that must not be shown. */
export function secretTexts(parameters: readonly Parameter[]): ReadonlySet<string> {
  const texts = new Set<string>();
  const gather = (value: JsonValue): void => {
    if (typeof value === 'string' && value !== '') texts.add(value);
    else if (isArray(value)) value.forEach(gather);
    else if (isObject(value)) Object.values(value).forEach(gather);
  };
  for (const { value, secret } of parameters) if (secret) gather(value);
  return texts;
}
