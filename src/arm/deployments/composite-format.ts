import { Failure } from './failure.ts';
import type { JsonValue } from './json-value.ts';

const ITEM = /\{\{|\}\}|\{(\d{1,6})(?:,\s*(-?\d{1,7})\s*)?(?::([^{}]*))?\}|[{}]/g;

/**
 * A text with `{0}`, `{1,-10}`, `{2:D3}` in it, filled in as .NET does it with an invariant culture. `check` is asked before a text of some length is made.
 *
 * @throws Failure for an item that can't be filled in
 */
export function compositeFormat(format: string, args: readonly JsonValue[], check: (length: number) => void): string {
  let length = format.length;
  return format.replace(ITEM, (item, index?: string, alignment?: string, style?: string) => {
    if (item === '{{' || item === '}}') return item.charAt(0);
    if (index === undefined)
      throw invalid(`'${item}' stands alone in the format; write '${item}${item}' for the character`);
    const arg = args[Number(index)];
    if (arg === undefined) throw invalid(`the format refers to '${item}', and there are ${args.length} argument(s)`);
    const text = styled(arg, style ?? '');
    const width = Math.abs(Number(alignment ?? 0));
    length += Math.max(text.length, width);
    check(length);
    return (alignment ?? '').startsWith('-') ? text.padEnd(width) : text.padStart(width);
  });
}

function styled(value: JsonValue, style: string): string {
  if (typeof value === 'number' && style !== '') return formatNumber(value, style);
  if (value === null) return '';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** The standard formats D, F, G, N, P and X, and custom ones of zeros such as `000`. */
export function formatNumber(value: number, style: string): string {
  const [, letter = '', digits = ''] = /^([A-Za-z])(\d{0,2})$/.exec(style) ?? [];
  const places = digits === '' ? undefined : Number(digits);
  const sign = value < 0 ? '-' : '';
  const plain = Math.abs(value);
  switch (letter.toUpperCase()) {
    case 'D':
      if (Number.isInteger(value)) return sign + String(plain).padStart(places ?? 0, '0');
      break;
    case 'X':
      if (Number.isInteger(value)) {
        // Negative integers are shown in their 64 bits.
        const hex = BigInt.asUintN(64, BigInt(value))
          .toString(16)
          .padStart(places ?? 0, '0');
        return letter === 'X' ? hex.toUpperCase() : hex;
      }
      break;
    case 'F':
      return sign + plain.toFixed(places ?? 2);
    case 'N':
      return sign + grouped(plain.toFixed(places ?? 2));
    case 'P':
      return `${sign}${grouped((plain * 100).toFixed(places ?? 2))} %`;
    case 'G':
      if (places === undefined || places === 0) return String(value);
      break;
  }
  if (/^0+$/.test(style)) return sign + plain.toFixed(0).padStart(style.length, '0');
  throw invalid(`the number format '${style}' is not one that Kiln has`);
}

function grouped(digits: string): string {
  const [whole = '', rest] = digits.split('.');
  const groups = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  return rest === undefined ? groups : `${groups}.${rest}`;
}

function invalid(why: string): Failure {
  return new Failure(`The template language function 'format' is not used as it has to be: ${why}.`);
}
