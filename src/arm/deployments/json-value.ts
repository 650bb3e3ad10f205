/** What a template is made of, and what its expressions give. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;

export interface JsonObject {
  readonly [name: string]: JsonValue;
}

/** A step from a value to a value inside it. */
export type Segment = string | number;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isArray(value: unknown): value is readonly JsonValue[] {
  return Array.isArray(value);
}

/** A property with its name as written, or nothing. Names have no case in Resource Manager; an exact one goes first. */
export function member(object: JsonObject, name: string): readonly [name: string, value: JsonValue] | undefined {
  if (Object.hasOwn(object, name)) return [name, object[name] ?? null];
  const wanted = name.toLowerCase();
  const found = Object.keys(object).find(key => key.toLowerCase() === wanted);
  return found === undefined ? undefined : [found, object[found] ?? null];
}

export function memberValue(object: JsonObject, name: string): JsonValue | undefined {
  return member(object, name)?.[1];
}

/** The value as JSON, or nothing when it is no such thing (`undefined`, a function, an infinite number). */
export function asJson(value: unknown): JsonValue | undefined {
  return isJson(value, 0) ? value : undefined;
}

function isJson(value: unknown, depth: number): value is JsonValue {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return true;
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value !== 'object' || depth > MAX_DEPTH) return false;
  return Object.values(value).every(one => isJson(one, depth + 1));
}

/** Deeper than any template, and shallow enough for every walk that recurses. */
export const MAX_DEPTH = 100;

/** The type's name as Resource Manager's messages have it. */
export function typeName(value: JsonValue): string {
  if (value === null) return 'Null';
  if (isArray(value)) return 'Array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'Integer' : 'Float';
  if (typeof value === 'boolean') return 'Boolean';
  return typeof value === 'string' ? 'String' : 'Object';
}

/** Whether two values are the same; the case of names and of text counts, the order of names does not. */
export function sameValue(a: JsonValue, b: JsonValue): boolean {
  return a === b || (typeof a === 'object' && typeof b === 'object' && canonical(a) === canonical(b));
}

/** A text that two values share exactly when they are the same. */
export function canonical(value: JsonValue): string {
  if (isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (!isObject(value)) return JSON.stringify(value);
  const names = Object.keys(value).sort();
  return `{${names.map(name => `${JSON.stringify(name)}:${canonical(value[name] ?? null)}`).join(',')}}`;
}
