import type { JsonValue } from '../json-value.ts';
import type { Call, Functions } from './call.ts';

/** Functions that take a `lambda`, and the function that reads its variables. */
export const lambdaFunctions: Functions = {
  lambdaVariables: {
    arity: [1, 1],
    run: call => {
      const found = call.context.lambdaVariables.get(call.text(0).toLowerCase());
      if (found === undefined) throw call.invalid(`no lambda around it has a variable '${call.text(0)}'`);
      return found;
    },
  },
  map: {
    arity: [2, 2],
    run: call => {
      const change = call.lambda(1);
      return call.array(0).map((one, i) => change(one, i));
    },
  },
  filter: {
    arity: [2, 2],
    run: call => {
      const keep = call.lambda(1);
      return call.array(0).filter((one, i) => truth(call, keep(one, i)));
    },
  },
  sort: {
    arity: [2, 2],
    run: call => {
      const before = call.lambda(1);
      // Only "comes before" is told; neither before the other means equal.
      return call.array(0).toSorted((a, b) => (truth(call, before(a, b)) ? -1 : truth(call, before(b, a)) ? 1 : 0));
    },
  },
  reduce: {
    arity: [3, 3],
    run: call => {
      const combine = call.lambda(2);
      return call.array(0).reduce((sum: JsonValue, one, i) => {
        call.context.budget.read([sum]);
        return combine(sum, one, i);
      }, call.value(1));
    },
  },
  toObject: {
    arity: [2, 3],
    run: call => {
      const key = call.lambda(1);
      const value = call.has(2) ? call.lambda(2) : (one: JsonValue) => one;
      return Object.fromEntries(call.array(0).map(one => [name(call, key(one)), value(one)]));
    },
  },
  groupBy: {
    arity: [2, 2],
    run: call => {
      const key = call.lambda(1);
      return Object.fromEntries(Map.groupBy(call.array(0), one => name(call, key(one))));
    },
  },
  mapValues: {
    arity: [2, 2],
    run: call => {
      const change = call.lambda(1);
      return Object.fromEntries(Object.entries(call.object(0)).map(([key, value]) => [key, change(value)]));
    },
  },
};

function truth(call: Call, value: JsonValue): boolean {
  if (typeof value !== 'boolean') throw call.invalid('its lambda does not give a boolean');
  return value;
}

function name(call: Call, value: JsonValue): string {
  if (typeof value !== 'string') throw call.invalid(`its lambda does not give a text as the name`);
  return value;
}
