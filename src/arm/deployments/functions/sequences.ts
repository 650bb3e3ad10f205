import { canonical, isArray, isObject, type JsonValue, member } from '../json-value.ts';
import type { Call, Functions } from './call.ts';
import { isEmpty, toText } from './conversions.ts';

/** Functions of texts and arrays alike, some of objects as well. */
export const sequenceFunctions: Functions = {
  concat: { arity: [1, Infinity], run: concat },
  contains: { arity: [2, 2], run: contains },
  empty: {
    arity: [1, 1],
    run: call => {
      const empty = isEmpty(call.value(0));
      if (empty === undefined) throw call.mismatch(0, 'Array', 'Object', 'String');
      return empty;
    },
  },
  first: { arity: [1, 1], run: call => end(call, 0) },
  last: { arity: [1, 1], run: call => end(call, -1) },
  length: {
    arity: [1, 1],
    run: call => {
      const value = call.value(0);
      if (typeof value === 'string' || isArray(value)) return value.length;
      if (isObject(value)) return Object.keys(value).length;
      throw call.mismatch(0, 'Array', 'String', 'Object');
    },
  },
  skip: { arity: [2, 2], run: call => slice(call, Math.max(call.integer(1), 0), undefined) },
  take: { arity: [2, 2], run: call => slice(call, 0, Math.max(call.integer(1), 0)) },
  indexOf: { arity: [2, 2], run: call => position(call, 'first') },
  lastIndexOf: { arity: [2, 2], run: call => position(call, 'last') },
};

function concat(call: Call): JsonValue {
  const values = call.values();
  if (isArray(values[0])) return values.flatMap((_, i) => call.array(i));
  const texts = values.map((value, i) => {
    if (isArray(value) || isObject(value)) throw call.mismatch(i, 'String', 'Integer', 'Boolean');
    return toText(value);
  });
  return call.bounded(
    texts.reduce((sum, text) => sum + text.length, 0),
    () => texts.join(''),
  );
}

function contains(call: Call): boolean {
  const [container, item] = [call.value(0), call.value(1)];
  if (typeof container === 'string') return container.includes(isScalar(item) ? toText(item) : call.text(1));
  if (isArray(container)) return has(container, item);
  if (isObject(container)) return member(container, toText(item)) !== undefined;
  throw call.mismatch(0, 'Array', 'String', 'Object');
}

function has(values: readonly JsonValue[], wanted: JsonValue): boolean {
  if (typeof wanted !== 'object' || wanted === null) return values.includes(wanted);
  const text = canonical(wanted);
  return values.some(value => typeof value === 'object' && canonical(value) === text);
}

function isScalar(value: JsonValue): boolean {
  return typeof value !== 'object';
}

function end(call: Call, index: 0 | -1): JsonValue {
  const value = call.value(0);
  if (typeof value === 'string') return value.at(index) ?? '';
  if (isArray(value)) return value.at(index) ?? null;
  throw call.mismatch(0, 'Array', 'String');
}

function slice(call: Call, from: number, to: number | undefined): JsonValue {
  const value = call.value(0);
  if (typeof value === 'string' || isArray(value)) return value.slice(from, to);
  throw call.mismatch(0, 'Array', 'String');
}

function position(call: Call, which: 'first' | 'last'): number {
  const [where, what] = [call.value(0), call.value(1)];
  if (isArray(where)) {
    const text = canonical(what);
    const same = (one: JsonValue): boolean => canonical(one) === text;
    return which === 'first' ? where.findIndex(same) : where.findLastIndex(same);
  }
  // The case of letters does not count here.
  const [text, part] = [call.text(0).toLowerCase(), call.text(1).toLowerCase()];
  return which === 'first' ? text.indexOf(part) : text.lastIndexOf(part);
}
