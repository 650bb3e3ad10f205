import { isArray, isObject, type JsonValue, member } from '../json-value.ts';
import type { Call, Functions } from './call.ts';
import { fromJson } from './conversions.ts';

export const objectFunctions: Functions = {
  createObject: {
    arity: [0, Infinity],
    run: call => {
      if (call.count % 2 !== 0) throw call.invalid('a name without a value is among its arguments');
      const names = Array.from({ length: call.count / 2 }, (_, i) => call.text(2 * i));
      return Object.fromEntries(names.map((name, i) => [name, call.value(2 * i + 1)]));
    },
  },
  json: { arity: [1, 1], run: call => fromJson(call, call.text(0)) },
  items: {
    arity: [1, 1],
    run: call =>
      Object.entries(call.object(0))
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, value]) => ({ key, value })),
  },
  objectKeys: { arity: [1, 1], run: call => Object.keys(call.object(0)) },
  shallowMerge: {
    arity: [1, 1],
    run: call => {
      const objects = call.array(0).map(one => {
        if (!isObject(one)) throw call.invalid('something in the array is no object');
        return one;
      });
      return Object.fromEntries(objects.flatMap(one => Object.entries(one)));
    },
  },
  tryGet: { arity: [2, Infinity], run: tryGet },
};

/** What a path of names and indexes leads to, or null where it ends early. */
function tryGet(call: Call): JsonValue {
  let value = call.value(0);
  for (let i = 1; i < call.count; i++) {
    const key = call.value(i);
    let found: JsonValue | undefined;
    if (isObject(value) && typeof key === 'string') found = member(value, key)?.[1];
    else if (isArray(value) && typeof key === 'number') found = value[key];
    else if (value !== null)
      throw call.invalid(`argument ${i + 1} does not fit the value that it is to be looked up in`);
    if (found === undefined) return null;
    value = found;
  }
  return value;
}
