import type { z } from 'zod';
import { didYouMean } from './did-you-mean.ts';
import { explain } from './explain.ts';
import { below, fieldOf, isObject, normaliseNames, type Place, type Reading, refuse } from './names.ts';
import { REQUIRED_BEFORE, VALUE_SINCE } from './since.ts';
import { UNSUPPORTED_TYPES } from './unsupported.ts';
import { isAtLeast } from './versions.ts';

/** Reads one part of the template by its schema. Reports every problem; a part with problems is `undefined`. */
export function readPart<T>(reading: Reading, schema: z.ZodType<T>, value: unknown, place: Place): T | undefined {
  const named = normaliseNames(reading, schema, value, place);
  const ruled = checkVersionRules(reading, named, place);
  const result = schema.safeParse(named);
  if (result.success) return ruled ? result.data : undefined;
  for (const issue of result.error.issues) {
    for (const problem of explain(issue, named)) {
      const path = [...place.path, ...problem.path];
      const missing = problem.value === undefined;
      const shape = missing ? { kind: 'missing' as const } : { kind: 'bad' as const, value: problem.value };
      reading.problems.error(missing ? 'MissingField' : 'BadValue', path, problem.message, shape);
    }
  }
  return undefined;
}

/**
 * Reads a part whose `type` says which schema it has.
 *
 * @param schemas by the value of `type`, which has to be written with its case in every API version
 */
export function readVariant<T>(
  reading: Reading,
  schemas: Readonly<Record<string, z.ZodType<T>>>,
  value: unknown,
  place: Place,
): T | undefined {
  const at = below(place, 'type');
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
  const type = fieldOf(reading, value, 'type');
  const since = VALUE_SINCE[at.pattern] ?? {};
  const unsupported = UNSUPPORTED_TYPES[at.pattern] ?? {};
  const known = [...Object.keys(schemas), ...Object.keys(unsupported)];
  const defined = known.filter(one => isAtLeast(reading.version, since[one] ?? reading.version));
  if (type === undefined) {
    const message = `\`type\` is needed: ${orList(defined)}.`;
    problems.error('MissingField', at.path, message, { kind: 'missing' });
    return undefined;
  }
  if (typeof type !== 'string' || !known.includes(type)) {
    const hint = typeof type === 'string' ? didYouMean(type, defined) : '';
    problems.error('BadValue', at.path, `\`type\` must be ${orList(defined)}.${hint}`, { kind: 'bad', value: type });
    return undefined;
  }
  if (!defined.includes(type)) {
    const message = `\`${type}\` exists here from API version ${since[type] ?? ''} on; this template says ${reading.version}.`;
    problems.error('BadValue', at.path, message, { kind: 'bad', value: type });
    return undefined;
  }
  const reason = unsupported[type];
  if (reason !== undefined) {
    refuse(reading, at, type, reason, type);
    return undefined;
  }
  const schema = schemas[type];
  const pattern = `${place.pattern.replace(/\[\]$/, '')}[${type}]`;
  return schema === undefined ? undefined : readPart(reading, schema, value, { path: place.path, pattern });
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

/** What depends on the version alone: values that came later, fields that were required once. */
function checkVersionRules(reading: Reading, value: unknown, place: Place): boolean {
  if (!isObject(value)) return true;
  let fine = true;
  for (const [name, item] of Object.entries(value)) {
    const here = below(place, name);
    const since = typeof item === 'string' ? VALUE_SINCE[here.pattern]?.[item] : undefined;
    if (since === undefined || isAtLeast(reading.version, since)) continue;
    const message = `\`${item}\` exists from API version ${since} on; this template says ${reading.version}.`;
    reading.problems.error('BadValue', here.path, message, { kind: 'bad', value: item });
    fine = false;
  }
  for (const [pattern, until] of Object.entries(REQUIRED_BEFORE)) {
    const name = pattern.slice(pattern.lastIndexOf('.') + 1);
    if (pattern !== below(place, name).pattern || isAtLeast(reading.version, until)) continue;
    const item = value[name];
    if (item !== undefined && !(Array.isArray(item) && item.length === 0)) continue;
    const message = `\`${name}\` is required in API versions before ${until}.`;
    reading.problems.error('MissingField', [...place.path, name], message, { kind: 'missing' });
    fine = false;
  }
  return fine;
}

/** `` `A`, `B` or `C` `` */
export function orList(words: readonly string[]): string {
  const quoted = words.map(word => `\`${word}\``);
  return quoted.length < 2 ? quoted.join('') : `${quoted.slice(0, -1).join(', ')} or ${quoted.at(-1) ?? ''}`;
}
