import { Failure } from './failure.ts';
import { isArray, isObject, type JsonObject, type JsonValue, MAX_DEPTH, memberValue, typeName } from './json-value.ts';

/** What a template says of the values of a parameter or an output. */
export interface Schema {
  /** In lower case: `string`, `securestring`, `int`, `bool`, `object`, `secureobject`, `array`. */
  readonly type: string;
  readonly nullable: boolean;
  readonly allowed: readonly JsonValue[] | undefined;
  readonly minValue: number | undefined;
  readonly maxValue: number | undefined;
  readonly minLength: number | undefined;
  readonly maxLength: number | undefined;
  /** The types of what is inside: `properties`, `additionalProperties`, `sealed`, `discriminator`, `items`, `prefixItems`. */
  readonly inside: JsonObject;
}

/** What values of a type are called in messages. */
const TYPES: Readonly<Record<string, readonly string[]>> = {
  string: ['String'],
  securestring: ['String'],
  int: ['Integer'],
  bool: ['Boolean'],
  object: ['Object'],
  secureobject: ['Object'],
  array: ['Array'],
};

export function isSecret(schema: Schema): boolean {
  return schema.type.startsWith('secure');
}

/** Reads a declaration. `$ref` leads to the template's `definitions`. @throws Failure */
export function readSchema(declaration: JsonObject, template: JsonObject): Schema {
  const whole = resolved(declaration, template, 0);
  const type = memberValue(whole, 'type');
  if (typeof type !== 'string' || !Object.hasOwn(TYPES, type.toLowerCase())) {
    const types = 'string, securestring, int, bool, object, secureObject, array';
    throw new Failure(`Its \`type\` must be one of: ${types}.`);
  }
  const allowed = memberValue(whole, 'allowedValues');
  if (allowed !== undefined && !isArray(allowed)) throw new Failure('`allowedValues` must be an array.');
  return {
    type: type.toLowerCase(),
    nullable: memberValue(whole, 'nullable') === true,
    allowed,
    minValue: bound(whole, 'minValue'),
    maxValue: bound(whole, 'maxValue'),
    minLength: bound(whole, 'minLength'),
    maxLength: bound(whole, 'maxLength'),
    inside: whole,
  };
}

function resolved(declaration: JsonObject, template: JsonObject, depth: number): JsonObject {
  const target = memberValue(declaration, '$ref');
  if (target === undefined) return declaration;
  const name = typeof target === 'string' ? /^#\/definitions\/([^/]+)$/.exec(target)?.[1] : undefined;
  const definitions = memberValue(template, 'definitions');
  const found = name !== undefined && isObject(definitions) ? memberValue(definitions, name) : undefined;
  if (!isObject(found) || depth > MAX_DEPTH) throw new Failure('`$ref` leads to no definition of the template.');
  return { ...resolved(found, template, depth + 1), ...declaration };
}

function bound(declaration: JsonObject, name: string): number | undefined {
  const value = memberValue(declaration, name);
  if (value === undefined) return undefined;
  if (typeof value !== 'number' || !Number.isInteger(value)) throw new Failure(`\`${name}\` must be an integer.`);
  return value;
}

/** The name of a type in messages. */
export function typeLabel(type: string): string {
  return TYPES[type]?.join() ?? type;
}

/** Whether a value is of a type. */
export function isOfType(value: JsonValue, type: string): boolean {
  return TYPES[type]?.includes(typeName(value)) ?? false;
}
