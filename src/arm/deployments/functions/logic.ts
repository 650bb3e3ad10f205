import { sameValue } from '../json-value.ts';
import type { Functions } from './call.ts';
import { toBoolean } from './conversions.ts';

export const logicFunctions: Functions = {
  // What is not chosen is not evaluated: templates guard with it.
  if: { arity: [3, 3], run: call => (call.boolean(0) ? call.value(1) : call.value(2)) },
  and: {
    arity: [2, Infinity],
    run: call => Array.from({ length: call.count }, (_, i) => i).every(i => call.boolean(i)),
  },
  or: {
    arity: [2, Infinity],
    run: call => Array.from({ length: call.count }, (_, i) => i).some(i => call.boolean(i)),
  },
  xor: { arity: [2, 2], run: call => call.boolean(0) !== call.boolean(1) },
  not: { arity: [1, 1], run: call => !call.boolean(0) },
  true: { arity: [0, 0], run: () => true },
  false: { arity: [0, 0], run: () => false },
  null: { arity: [0, 0], run: () => null },
  bool: { arity: [1, 1], run: call => toBoolean(call, 0) },
  equals: { arity: [2, 2], run: call => sameValue(call.value(0), call.value(1)) },
  coalesce: {
    arity: [1, Infinity],
    run: call => {
      for (let i = 0; i < call.count; i++) if (call.value(i) !== null) return call.value(i);
      return null;
    },
  },
};
