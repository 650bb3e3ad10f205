import type { z } from 'zod';
import { didYouMean } from './did-you-mean.ts';
import { explain } from './explain.ts';
import { below, fieldOf, isObject, keyOf, nameIn, normaliseNames, type Place, type Reading } from './names.ts';
import { serviceCode } from './service-code.ts';
import { TYPE_BEFORE, TYPE_EARLY, VALUE_SINCE, VALUE_UNTIL } from './since.ts';
import { checkVersionRules } from './version-rules.ts';
import { isAtLeast } from './versions.ts';

/** Reads one part of the template by its schema. Reports every problem; a part with problems is `undefined`. */
export function readPart<T>(reading: Reading, schema: z.ZodType<T>, value: unknown, place: Place): T | undefined {
  const named = normaliseNames(reading, schema, value, place);
  const ruled = checkVersionRules(reading, named, place);
  const result = schema.safeParse(named);
  if (result.success) return ruled ? result.data : undefined;
  for (const issue of result.error.issues) {
    if (reading.problems.isFull('problems')) break;
    for (const problem of explain(issue, named)) {
      const [first, ...rest] = problem.path;
      const name = typeof first === 'string' ? nameIn(reading.version, place, first) : first;
      const path = name === undefined ? place.path : [...place.path, name, ...rest];
      const message = name === first ? problem.message : problem.message.replaceAll(`\`${first}\``, `\`${name}\``);
      // Empty stands for absent wherever something has to be there.
      const missing = problem.value === undefined || (problem.value === '' && message.includes('` is needed'));
      const shape = missing ? { kind: 'missing' as const } : { kind: 'bad' as const, value: problem.value };
      const pattern = first === undefined ? place.pattern : patternOf(place, problem.path);
      const code = serviceCode(reading.version, pattern, missing ? 'MissingField' : 'BadValue');
      reading.problems.error(code, path, message, shape);
    }
  }
  return undefined;
}

function patternOf(place: Place, path: readonly (string | number)[]): string {
  const tail = path.map(segment => (typeof segment === 'number' ? '[]' : `.${segment}`)).join('');
  return place.pattern === '' ? tail.slice(1) : `${place.pattern}${tail}`;
}

/**
 * Reads a part whose `type` says which schema it has.
 *
 * @param schemas by the value of `type`, as the newest version spells it
 */
export function readVariant<T>(
  reading: Reading,
  schemas: Readonly<Record<string, z.ZodType<T>>>,
  value: unknown,
  place: Place,
): T | undefined {
  const { problems } = reading;
  if (value === undefined) {
    const message = `\`${place.path.at(-1) ?? ''}\` is needed.`;
    problems.error('MissingField', place.path, message, { kind: 'missing' });
    return undefined;
  }
  if (!isObject(value)) {
    problems.error('BadValue', place.path, 'An object with a `type` is needed here.', { kind: 'bad', value });
    return undefined;
  }
  const type = readType(reading, Object.keys(schemas), fieldOf(reading, value, 'type'), below(place, 'type'));
  const schema = type === undefined ? undefined : schemas[type];
  if (type === undefined || schema === undefined) return undefined;
  const pattern = `${place.pattern.replace(/\[\]$/, '')}[${type}]`;
  const key = keyOf(reading, value, 'type') ?? 'type';
  return readPart(reading, schema, { ...value, [key]: type }, { path: place.path, pattern });
}

/** The value of a `type` as the newest version spells it. Its case matters in every version but the oldest. */
function readType(reading: Reading, all: readonly string[], type: unknown, at: Place): string | undefined {
  const { problems, version } = reading;
  const since = VALUE_SINCE[at.pattern] ?? {};
  const until = VALUE_UNTIL[at.pattern] ?? {};
  const defined = all.filter(one => {
    const end = until[one];
    return isAtLeast(version, since[one] ?? version) && (end === undefined || !isAtLeast(version, end));
  });
  const spelt = new Map(defined.map(one => [typeIn(version, one), one]));
  const words = orList([...spelt.keys()]);
  if (type === undefined) {
    const code = serviceCode(version, at.pattern, 'MissingField');
    problems.error(code, at.path, `\`type\` is needed: ${words}.`, { kind: 'missing' });
    return undefined;
  }
  if (typeof type === 'string') {
    const found =
      spelt.get(type) ??
      (isOldest(version) ? defined.find(one => one.toLowerCase() === type.toLowerCase()) : undefined);
    if (found !== undefined) return found;
  }
  const message = typeof type === 'string' && all.includes(type) ? elsewhere(type) : undefined;
  const early = typeof type === 'string' ? TYPE_EARLY[at.pattern]?.[type] : undefined;
  if (typeof type === 'string' && message !== undefined && early !== undefined && isAtLeast(version, early)) {
    problems.warning('NewerType', at.path, `${message} It is read all the same.`, 'value');
    return type;
  }
  const hint = typeof type === 'string' ? didYouMean(type, [...spelt.keys()]) : '';
  const code = serviceCode(version, at.pattern, 'BadValue');
  const said = typeof type === 'string' ? `, not \`${type}\`` : '';
  problems.error(code, at.path, message ?? `\`type\` must be ${words}${said}.${hint}`, { kind: 'type' });
  return undefined;

  function elsewhere(name: string): string | undefined {
    const first = since[name];
    const end = until[name];
    if (first !== undefined && !isAtLeast(version, first)) {
      return `\`${name}\` exists here from API version ${first} on; this template says ${version}.`;
    }
    return end === undefined
      ? undefined
      : `\`${name}\` exists here in API versions before ${end}; this template says ${version}.`;
  }
}

/** How a version spells a value of `type`. */
export function typeIn(version: Reading['version'], type: string): string {
  const before = TYPE_BEFORE[type];
  return before === undefined || isAtLeast(version, before.version) ? type : before.name;
}

function isOldest(version: Reading['version']): boolean {
  return !isAtLeast(version, '2019-02-01-preview');
}

/** Reads each element of an array by its `type`. Elements with problems are left out. */
export function readVariants<T>(
  reading: Reading,
  schemas: Readonly<Record<string, z.ZodType<T>>>,
  values: readonly unknown[],
  place: Place,
): T[] {
  const pattern = `${place.pattern}[]`;
  return values.flatMap((value, i) => {
    const part = readVariant(reading, schemas, value, { path: [...place.path, i], pattern });
    return part === undefined ? [] : [part];
  });
}

/** `` `A`, `B` or `C` `` */
export function orList(words: readonly string[]): string {
  const quoted = words.map(word => `\`${word}\``);
  return quoted.length < 2 ? quoted.join('') : `${quoted.slice(0, -1).join(', ')} or ${quoted.at(-1) ?? ''}`;
}
