import { compositeFormat } from '../composite-format.ts';
import { guid } from '../guid.ts';
import { isArray } from '../json-value.ts';
import { uniqueString } from '../unique-string.ts';
import type { Call, Functions } from './call.ts';
import { toText } from './conversions.ts';

export const stringFunctions: Functions = {
  format: {
    arity: [1, Infinity],
    run: call => compositeFormat(call.text(0), call.values(1), length => call.context.budget.text(length)),
  },
  guid: { arity: [1, Infinity], run: call => guid(hashed(call)) },
  uniqueString: { arity: [1, Infinity], run: call => uniqueString(hashed(call)) },
  newGuid: {
    arity: [0, 0],
    run: call => {
      if (!call.context.fresh) throw call.invalid('it is for default values of parameters only');
      return call.context.scope.newGuid();
    },
  },
  string: { arity: [1, 1], run: call => toText(call.value(0)) },
  toLower: { arity: [1, 1], run: call => call.text(0).toLowerCase() },
  toUpper: { arity: [1, 1], run: call => call.text(0).toUpperCase() },
  trim: { arity: [1, 1], run: call => call.text(0).trim() },
  replace: { arity: [3, 3], run: replace },
  split: { arity: [2, 2], run: split },
  join: {
    arity: [2, 2],
    run: call => {
      const parts = call.array(0).map(toText);
      const delimiter = call.text(1);
      const length = parts.reduce((sum, part) => sum + part.length + delimiter.length, 0);
      return call.bounded(length, () => parts.join(delimiter));
    },
  },
  padLeft: {
    arity: [2, 3],
    run: call => {
      const value = call.value(0);
      if (typeof value !== 'string' && typeof value !== 'number') throw call.mismatch(0, 'String', 'Integer');
      const fill = call.has(2) ? call.text(2) : ' ';
      if (fill.length !== 1) throw call.invalid('argument 3 is not one character');
      const width = call.integer(1);
      if (width < 0) throw call.invalid('argument 2 is negative');
      return call.bounded(width, () => toText(value).padStart(width, fill));
    },
  },
  substring: {
    arity: [2, 3],
    run: call => {
      const text = call.text(0);
      const start = call.integer(1);
      const length = call.has(2) ? call.integer(2) : text.length - start;
      if (start < 0 || length < 0 || start + length > text.length) {
        throw call.invalid(
          `the index and length must refer to a place within the text, which has ${text.length} characters`,
        );
      }
      return text.slice(start, start + length);
    },
  },
  // These two ignore the case of letters; `contains` and `replace` do not.
  startsWith: { arity: [2, 2], run: call => call.text(0).toLowerCase().startsWith(call.text(1).toLowerCase()) },
  endsWith: { arity: [2, 2], run: call => call.text(0).toLowerCase().endsWith(call.text(1).toLowerCase()) },
};

function hashed(call: Call): readonly string[] {
  const texts = call.texts();
  // The hash is slow for its size, so a long text counts more than for being read.
  call.context.budget.spend(texts.reduce((sum, text) => sum + text.length, 0) / 8);
  return texts;
}

function replace(call: Call): string {
  const [text, old, by] = [call.text(0), call.text(1), call.text(2)];
  if (old === '') throw call.invalid('argument 2 is empty');
  const parts = text.split(old);
  return call.bounded(text.length + (parts.length - 1) * (by.length - old.length), () => parts.join(by));
}

function split(call: Call): readonly string[] {
  const delimiter = call.value(1);
  const delimiters = isArray(delimiter) ? delimiter : [delimiter];
  const texts = delimiters.filter(one => typeof one === 'string').filter(one => one !== '');
  if (texts.length !== delimiters.length) throw call.mismatch(1, 'String', 'Array');
  // The longest first, so that no delimiter hides one that it begins.
  const forms = [...new Set(texts)]
    .sort((a, b) => b.length - a.length)
    .map(one => one.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
  const text = call.text(0);
  call.context.budget.spend((text.length * forms.length) / 32);
  return forms.length === 0 ? [text] : text.split(new RegExp(forms.join('|')));
}
