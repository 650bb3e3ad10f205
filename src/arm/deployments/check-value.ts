import type { Budget } from './budget.ts';
import { Failure } from './failure.ts';
import {
  isArray,
  isObject,
  type JsonObject,
  type JsonValue,
  member,
  memberValue,
  sameValue,
  typeName,
} from './json-value.ts';
import { isOfType, isSecret, readSchema, type Schema, typeLabel } from './parameter-schema.ts';

/** What the check of one parameter's value goes by. */
interface Checking {
  readonly parameter: string;
  readonly secret: boolean;
  readonly template: JsonObject;
  readonly budget: Budget;
}

/** @throws Failure with Resource Manager's sentence; a secret's value is not in it. */
export function checkParameter(
  parameter: string,
  value: JsonValue,
  schema: Schema,
  template: JsonObject,
  budget: Budget,
): void {
  check(value, schema, '', { parameter, secret: isSecret(schema), template, budget });
}

/** `place` leads from the parameter's value to the one at hand: `.tags[0]`. */
function check(value: JsonValue, schema: Schema, place: string, checking: Checking): void {
  checking.budget.spend(1 + (schema.allowed?.length ?? 0) / 8);
  const invalid = (why: string): Failure => {
    const where = place === '' ? '' : ` At '${place}':`;
    return new Failure(
      `The provided value for the template parameter '${checking.parameter}' is not valid.${where} ${why}`,
    );
  };
  if (value === null && schema.nullable) return;
  if (!isOfType(value, schema.type)) {
    const expected = typeLabel(schema.type);
    throw invalid(`Expected a value of type '${expected}', but received a value of type '${typeName(value)}'.`);
  }
  if (schema.allowed !== undefined && !isAllowed(value, schema.allowed, checking.budget)) {
    if (checking.secret) throw invalid('The value is not part of the allowed values.');
    const values = schema.allowed.map(shown).join(',');
    throw invalid(`The value '${shown(value)}' is not part of the allowed value(s): '${values}'.`);
  }
  const { minValue, maxValue, minLength, maxLength } = schema;
  const bounds = (size: number, what: string, least: number | undefined, most: number | undefined): void => {
    if (least !== undefined && size < least) throw invalid(`${what} should be greater than or equal to '${least}'.`);
    if (most !== undefined && size > most) throw invalid(`${what} should be less than or equal to '${most}'.`);
  };
  if (typeof value === 'number') bounds(value, 'The value', minValue, maxValue);
  if (typeof value === 'string' || isArray(value)) bounds(value.length, 'Length of the value', minLength, maxLength);
  if (isObject(value)) checkProperties(value, schema, place, checking, invalid);
  else if (isArray(value)) checkElements(value, schema, place, checking);
}

function checkProperties(
  value: JsonObject,
  { inside }: Schema,
  place: string,
  checking: Checking,
  invalid: (why: string) => Failure,
): void {
  const variant = variantOf(value, inside, invalid);
  if (variant !== undefined) {
    const schema = inner(variant, checking);
    // One that leads on to others could lead back.
    if (member(schema.inside, 'discriminator') !== undefined)
      throw new Failure('A variant can have no variants of its own.');
    check(value, schema, place, checking);
    return;
  }
  const properties = memberValue(inside, 'properties');
  const declared = properties !== undefined && isObject(properties) ? properties : {};
  const additional = memberValue(inside, 'sealed') === true ? false : memberValue(inside, 'additionalProperties');
  checking.budget.read([declared]);
  for (const [name, declaration] of Object.entries(declared)) {
    const schema = inner(declaration, checking);
    const found = memberValue(value, name);
    if (found !== undefined) check(found, schema, `${place}.${name}`, checking);
    else if (!schema.nullable) throw invalid(`The property '${name}' is missing.`);
  }
  if (additional === undefined || additional === true) return;
  for (const [name, one] of Object.entries(value)) {
    if (member(declared, name) !== undefined) continue;
    if (additional === false) throw invalid(`The property '${name}' is not allowed.`);
    check(one, inner(additional, checking), `${place}.${name}`, checking);
  }
}

/** The type that an object has by the value of one of its properties, where its type has variants. */
function variantOf(value: JsonObject, inside: JsonObject, invalid: (why: string) => Failure): JsonValue | undefined {
  const discriminator = memberValue(inside, 'discriminator');
  if (discriminator === undefined) return undefined;
  const name = isObject(discriminator) ? memberValue(discriminator, 'propertyName') : undefined;
  const mapping = isObject(discriminator) ? memberValue(discriminator, 'mapping') : undefined;
  if (typeof name !== 'string' || mapping === undefined || !isObject(mapping)) {
    throw new Failure('`discriminator` of a type needs a `propertyName` and a `mapping`.');
  }
  const found = memberValue(value, name);
  if (found === undefined) throw invalid(`The property '${name}' is missing.`);
  // The names of variants are values: their case counts.
  const variant = typeof found === 'string' && Object.hasOwn(mapping, found) ? mapping[found] : undefined;
  if (variant !== undefined) return variant;
  throw invalid(`The property '${name}' must be one of: ${Object.keys(mapping).join(', ')}.`);
}

function checkElements(value: readonly JsonValue[], { inside }: Schema, place: string, checking: Checking): void {
  const prefix = memberValue(inside, 'prefixItems');
  const first = prefix !== undefined && isArray(prefix) ? prefix : [];
  const items = memberValue(inside, 'items');
  for (const [i, one] of value.entries()) {
    const declaration = first[i] ?? items;
    if (declaration === undefined || declaration === true) continue;
    check(one, inner(declaration, checking), `${place}[${i}]`, checking);
  }
}

function inner(declaration: JsonValue, { template }: Checking): Schema {
  if (!isObject(declaration)) throw new Failure('The type of something inside of it is no object.');
  return readSchema(declaration, template);
}

function shown(value: JsonValue): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** An array is allowed as such, or when each of its elements is. Texts are compared without regard to case. */
function isAllowed(value: JsonValue, allowed: readonly JsonValue[], budget: Budget): boolean {
  const same = (one: JsonValue, other: JsonValue): boolean => {
    budget.read([one]);
    return typeof one === 'string' && typeof other === 'string'
      ? one.toLowerCase() === other.toLowerCase()
      : sameValue(one, other);
  };
  if (allowed.some(one => same(one, value))) return true;
  return isArray(value) && value.every(element => allowed.some(one => same(one, element)));
}
