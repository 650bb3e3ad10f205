import { LIMITS } from '../budget.ts';
import { isArray } from '../json-value.ts';
import type { Call, Functions } from './call.ts';
import { safe, toInteger } from './conversions.ts';

export const numberFunctions: Functions = {
  add: { arity: [2, 2], run: call => safe(call, call.integer(0) + call.integer(1)) },
  sub: { arity: [2, 2], run: call => safe(call, call.integer(0) - call.integer(1)) },
  mul: { arity: [2, 2], run: call => safe(call, call.integer(0) * call.integer(1)) },
  div: { arity: [2, 2], run: call => safe(call, Math.trunc(call.integer(0) / divisor(call))) },
  mod: { arity: [2, 2], run: call => safe(call, call.integer(0) % divisor(call)) },
  int: { arity: [1, 1], run: call => toInteger(call, 0) },
  float: { arity: [1, 1], run: toFloat },
  min: { arity: [1, Infinity], run: call => integers(call).reduce((a, b) => Math.min(a, b)) },
  max: { arity: [1, Infinity], run: call => integers(call).reduce((a, b) => Math.max(a, b)) },
  range: {
    arity: [2, 2],
    run: call => {
      const [start, count] = [call.integer(0), call.integer(1)];
      if (count < 0 || count > LIMITS.range) throw call.invalid(`the count is not between 0 and ${LIMITS.range}`);
      safe(call, start + count);
      call.context.budget.spend(count / 8);
      return Array.from({ length: count }, (_, i) => start + i);
    },
  },
  less: { arity: [2, 2], run: call => compare(call) < 0 },
  lessOrEquals: { arity: [2, 2], run: call => compare(call) <= 0 },
  greater: { arity: [2, 2], run: call => compare(call) > 0 },
  greaterOrEquals: { arity: [2, 2], run: call => compare(call) >= 0 },
};

function divisor(call: Call): number {
  const value = call.integer(1);
  if (value === 0) throw call.invalid('argument 2 is zero');
  return value;
}

function toFloat(call: Call): number {
  const value = call.value(0);
  if (typeof value === 'number') return value;
  if (typeof value !== 'string') throw call.mismatch(0, 'Integer', 'Float', 'String');
  const number = Number(value);
  if (value.trim() === '' || !Number.isFinite(number)) throw call.invalid('the text of argument 1 is no number');
  return number;
}

/** Either several integers, or one array of them. */
function integers(call: Call): readonly number[] {
  const first = call.value(0);
  const values = call.count === 1 && isArray(first) ? first : call.values();
  const numbers = values.filter(one => typeof one === 'number' && Number.isInteger(one)).map(Number);
  if (numbers.length !== values.length) throw call.invalid('something among its values is no integer');
  if (numbers.length === 0) throw call.invalid('the array is empty');
  return numbers;
}

/** Two numbers, or two texts by the codes of their characters. */
function compare(call: Call): number {
  const [a, b] = call.values();
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (typeof a === 'string' && typeof b === 'string') {
    return a < b ? -1 : a > b ? 1 : 0;
  }
  throw call.invalid('it compares two integers or two texts');
}
