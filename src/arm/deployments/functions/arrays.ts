import { canonical, isArray, isObject, type JsonObject, type JsonValue } from '../json-value.ts';
import type { Call, Functions } from './call.ts';

export const arrayFunctions: Functions = {
  array: {
    arity: [1, 1],
    run: call => {
      const value = call.value(0);
      return isArray(value) ? value : [value];
    },
  },
  createArray: { arity: [0, Infinity], run: call => call.values() },
  flatten: { arity: [1, 1], run: call => call.array(0).flatMap(one => (isArray(one) ? one : [one])) },
  union: { arity: [2, Infinity], run: union },
  intersection: { arity: [2, Infinity], run: intersection },
};

function union(call: Call): JsonValue {
  if (isObject(call.value(0))) {
    return call.values().reduce<JsonObject>((all, _, i) => merge(all, call.object(i)), {});
  }
  const all = new Map<string, JsonValue>();
  compared(call);
  for (const [i] of call.values().entries()) {
    for (const one of call.array(i)) {
      const key = canonical(one);
      if (!all.has(key)) all.set(key, one);
    }
  }
  return [...all.values()];
}

/** Comparing elements costs more than reading them. */
function compared(call: Call): void {
  const elements = call.values().reduce<number>((sum, one) => sum + (isArray(one) ? one.length : 0), 0);
  call.context.budget.spend(elements / 4);
}

/** A later object's values go first; objects inside are merged as well, arrays are not. */
function merge(a: JsonObject, b: JsonObject): JsonObject {
  const all = new Map(Object.entries(a));
  const written = new Map(Object.keys(a).map(name => [name.toLowerCase(), name]));
  for (const [name, value] of Object.entries(b)) {
    const key = written.get(name.toLowerCase()) ?? name;
    const before = all.get(key);
    written.set(name.toLowerCase(), key);
    all.set(key, isObject(before) && isObject(value) ? merge(before, value) : value);
  }
  return Object.fromEntries(all);
}

function intersection(call: Call): JsonValue {
  const values = call.values();
  if (isObject(values[0])) {
    const others = values.slice(1).map((_, i) => entries(call.object(i + 1)));
    const common = Object.entries(values[0]).filter(([name, value]) =>
      others.every(other => other.get(name.toLowerCase()) === canonical(value)),
    );
    return Object.fromEntries(common);
  }
  compared(call);
  const others = values.slice(1).map((_, i) => new Set(call.array(i + 1).map(canonical)));
  const common = new Map(call.array(0).map(one => [canonical(one), one]));
  return [...common].filter(([key]) => others.every(other => other.has(key))).map(([, one]) => one);
}

function entries(object: JsonObject): ReadonlyMap<string, string> {
  return new Map(Object.entries(object).map(([name, value]) => [name.toLowerCase(), canonical(value)]));
}
