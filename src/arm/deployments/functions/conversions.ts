import { asJson, isArray, isObject, type JsonValue } from '../json-value.ts';
import type { Call } from './call.ts';

/** A value as text, as Resource Manager writes it: `True`, not `true`, but JSON inside of arrays and objects. */
export function toText(value: JsonValue): string {
  if (value === null) return '';
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  return JSON.stringify(value);
}

export function toBoolean(call: Call, index: number): boolean {
  const value = call.value(index);
  if (typeof value === 'boolean') return value;
  if (typeof value === 'number') return value !== 0;
  if (typeof value !== 'string') throw call.mismatch(index, 'Boolean', 'Integer', 'String');
  const word = value.trim().toLowerCase();
  if (word === 'true' || word === '1') return true;
  if (word === 'false' || word === '0') return false;
  throw call.invalid(`the text of argument ${index + 1} is neither 'true' nor 'false'`);
}

export function toInteger(call: Call, index: number): number {
  const value = call.value(index);
  if (typeof value === 'number') return safe(call, Math.trunc(value));
  if (typeof value !== 'string') throw call.mismatch(index, 'Integer', 'String');
  if (!/^\s*[+-]?[0-9]+\s*$/.test(value)) throw call.invalid(`the text of argument ${index + 1} is no integer`);
  return safe(call, Number(value));
}

/** An integer that can be computed with exactly. Resource Manager's have 64 bits; these have 53, and say so beyond. */
export function safe(call: Call, value: number): number {
  if (!Number.isSafeInteger(value))
    throw call.invalid('the result is larger than the integers that Kiln computes with');
  // There is no negative zero among integers.
  return value + 0;
}

/** Text from JSON, also from JSON with single quotes, which Resource Manager reads as well. */
export function fromJson(call: Call, text: string): JsonValue {
  for (const form of [text, doubleQuoted(text)]) {
    try {
      const value = asJson(JSON.parse(form));
      if (value !== undefined) return call.context.budget.bounded(value);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
    }
  }
  throw call.invalid('the text of argument 1 is not JSON');
}

function doubleQuoted(text: string): string {
  return text.replace(/"(?:[^"\\]|\\.)*"|'((?:[^'\\]|\\.)*)'/gs, (whole: string, inner?: string) =>
    inner === undefined ? whole : `"${inner.replaceAll("\\'", "'").replaceAll('"', '\\"')}"`,
  );
}

/** Whether there is nothing in a value. */
export function isEmpty(value: JsonValue): boolean | undefined {
  if (value === null || value === '') return true;
  if (isArray(value)) return value.length === 0;
  if (isObject(value)) return Object.keys(value).length === 0;
  return typeof value === 'string' ? false : undefined;
}
