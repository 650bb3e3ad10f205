import { Failure } from './failure.ts';

const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];
const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];

/** .NET's formats of one letter, as the custom formats that they stand for in an invariant culture. */
const STANDARD: Readonly<Record<string, string>> = {
  d: 'MM/dd/yyyy',
  D: 'dddd, dd MMMM yyyy',
  f: 'dddd, dd MMMM yyyy HH:mm',
  F: 'dddd, dd MMMM yyyy HH:mm:ss',
  g: 'MM/dd/yyyy HH:mm',
  G: 'MM/dd/yyyy HH:mm:ss',
  m: 'MMMM dd',
  M: 'MMMM dd',
  o: "yyyy-MM-dd'T'HH:mm:ss.fffffffK",
  O: "yyyy-MM-dd'T'HH:mm:ss.fffffffK",
  r: "ddd, dd MMM yyyy HH:mm:ss 'GMT'",
  R: "ddd, dd MMM yyyy HH:mm:ss 'GMT'",
  s: "yyyy-MM-dd'T'HH:mm:ss",
  t: 'HH:mm',
  T: 'HH:mm:ss',
  u: "yyyy-MM-dd HH:mm:ss'Z'",
  y: 'yyyy MMMM',
  Y: 'yyyy MMMM',
};

const PIECE = /'([^']*)'|"([^"]*)"|\\(.)|%?(y+|M+|d+|H+|h+|m+|s+|f+|F+|t+|K|z+|g+)|([\s\S])/g;

/** A point in time in .NET's format strings, in UTC. @throws Failure for a letter that Kiln does not have */
export function formatDate(date: Date, format: string): string {
  if (format.length === 1) {
    const custom = STANDARD[format];
    if (custom === undefined) throw new Failure(`'${format}' is not a date format that Kiln has.`);
    return formatDate(date, custom);
  }
  return format.replace(
    PIECE,
    (_, single?: string, double?: string, escaped?: string, letters?: string, other?: string) =>
      letters === undefined ? (single ?? double ?? escaped ?? other ?? '') : part(date, letters),
  );
}

function part(date: Date, letters: string): string {
  const count = letters.length;
  const number = (value: number): string => String(value).padStart(Math.min(count, 2), '0');
  switch (letters.charAt(0)) {
    case 'y':
      return count <= 2 ? number(date.getUTCFullYear() % 100) : String(date.getUTCFullYear()).padStart(count, '0');
    case 'M': {
      const name = MONTHS[date.getUTCMonth()] ?? '';
      return count > 3 ? name : count === 3 ? name.slice(0, 3) : number(date.getUTCMonth() + 1);
    }
    case 'd': {
      const name = DAYS[date.getUTCDay()] ?? '';
      return count > 3 ? name : count === 3 ? name.slice(0, 3) : number(date.getUTCDate());
    }
    case 'H':
      return number(date.getUTCHours());
    case 'h':
      return number(date.getUTCHours() % 12 === 0 ? 12 : date.getUTCHours() % 12);
    case 'm':
      return number(date.getUTCMinutes());
    case 's':
      return number(date.getUTCSeconds());
    case 'f':
      return String(date.getUTCMilliseconds()).padStart(3, '0').padEnd(7, '0').slice(0, Math.min(count, 7));
    case 't':
      return (date.getUTCHours() < 12 ? 'AM' : 'PM').slice(0, count);
    case 'K':
      return 'Z';
    case 'z':
      return count === 1 ? '+0' : count === 2 ? '+00' : '+00:00';
    default:
      throw new Failure(`'${letters}' is not a part of a date format that Kiln has.`);
  }
}
