import { z } from 'zod';
import { didYouMean } from './did-you-mean.ts';
import type { Segment } from './json-document.ts';
import type { ApiVersion } from './model.ts';
import type { Problems } from './problems.ts';
import { READ_ONLY } from './read-only.ts';
import { NAME_BEFORE, NAME_LATE, NAME_SINCE } from './since.ts';
import { isAtLeast, isStrict } from './versions.ts';

/** Where in the resource a value is: its path, and the pattern by which the tables know it. */
export interface Place {
  readonly path: readonly Segment[];
  readonly pattern: string;
}

/** What every part of a template is read with. */
export interface Reading {
  readonly version: ApiVersion;
  readonly problems: Problems;
  /** Normalised names of the regions that the site has beside the service's own. */
  readonly regions: readonly string[];
}

export function below(place: Place, name: string): Place {
  return { path: [...place.path, name], pattern: place.pattern === '' ? name : `${place.pattern}.${name}` };
}

/** What a name was called in the given version; the name itself where it always was that. */
export function nameIn(version: ApiVersion, place: Place, name: string): string {
  const before = NAME_BEFORE[below(place, name).pattern];
  return before === undefined || isAtLeast(version, before.version) ? name : before.name;
}

/**
 * The value with every name in the form that the schema has, and without what is `null`, read-only or unknown; the
 * latter two are reported. Types are not looked at.
 */
export function normaliseNames(reading: Reading, schema: z.ZodType, value: unknown, place: Place): unknown {
  const plain = unwrap(schema);
  if (plain instanceof z.ZodArray && Array.isArray(value)) {
    const element = plain.element as z.ZodType;
    const pattern = `${place.pattern}[]`;
    return value.map((one, i) => normaliseNames(reading, element, one, { path: [...place.path, i], pattern }));
  }
  if (plain instanceof z.ZodRecord && isObject(value) && !place.pattern.startsWith('identity')) {
    // Deployments leave `null` where a condition found nothing to say.
    return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== null));
  }
  if (!(plain instanceof z.ZodObject) || !isObject(value)) return value;

  const shape: Readonly<Record<string, z.ZodType>> = plain.shape;
  const own = [...new Set([...Object.keys(shape), ...namesIn(READ_ONLY, place)])];
  // As this version writes them, to how the schema does.
  const names = new Map(own.map(name => [nameIn(reading.version, place, name), name]));
  const known = [...names.keys()];
  const late = lateNames(reading, own, value, place);
  const entries = new Map<string, unknown>();
  for (const [written, item] of Object.entries(value)) {
    const name = names.get(nameFor(reading, known, written) ?? '') ?? readLate(reading, late, place, written);
    if (name === undefined || !isDefined(reading.version, below(place, name))) {
      reportUnknown(reading, names, shape, place, written, name);
      continue;
    }
    const here = below(place, name);
    const path = [...place.path, written];
    if (entries.has(name)) {
      const message = `\`${written}\` is given more than once.`;
      reading.problems.error('DuplicateField', path, message, { kind: 'duplicate' });
      continue;
    }
    if (item === null) continue;
    if (READ_ONLY.has(here.pattern)) {
      const message = `\`${name}\` is filled in by the service; it is ignored here.`;
      reading.problems.warning('ReadOnlyField', here.path, message);
      continue;
    }
    const child = shape[name];
    // The service takes an empty string for "the default" wherever there is a list of values.
    if (item === '' && child !== undefined && unwrap(child) instanceof z.ZodEnum) continue;
    entries.set(name, child === undefined ? item : normaliseNames(reading, child, item, here));
  }
  return Object.fromEntries(entries);
}

/** The value of a name in an object that was not normalised yet. */
export function fieldOf(reading: Reading, value: unknown, name: string): unknown {
  const key = keyOf(reading, value, name);
  return key === undefined || !isObject(value) ? undefined : (value[key] ?? undefined);
}

/** How the object writes a name. */
export function keyOf(reading: Reading, value: unknown, name: string): string | undefined {
  return isObject(value) ? Object.keys(value).find(key => nameFor(reading, [name], key) === name) : undefined;
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

function nameFor(reading: Reading, names: readonly string[], written: string): string | undefined {
  if (names.includes(written)) return written;
  if (isStrict(reading.version)) return undefined;
  return names.find(name => name.toLowerCase() === written.toLowerCase());
}

/** What published samples write as an earlier version did, to how the schema calls it: as far as the object has not that itself. */
function lateNames(
  reading: Reading,
  own: readonly string[],
  value: unknown,
  place: Place,
): ReadonlyMap<string, string> {
  const late = own.flatMap(name => {
    const { until, name: before } = NAME_LATE[below(place, name).pattern] ?? {};
    if (until === undefined || before === undefined || isAtLeast(reading.version, until)) return [];
    return keyOf(reading, value, name) === undefined ? [[before, name] as const] : [];
  });
  return new Map(late);
}

/** The name that is meant by a late one. It is warned of. */
function readLate(
  reading: Reading,
  late: ReadonlyMap<string, string>,
  place: Place,
  written: string,
): string | undefined {
  const meant = late.get(nameFor(reading, [...late.keys()], written) ?? '');
  if (meant === undefined) return undefined;
  const message = `In API version ${reading.version} this is called \`${meant}\`. It is read all the same.`;
  reading.problems.warning('OlderName', [...place.path, written], message);
  return meant;
}

/** Whether the version knows the name at all. */
export function isDefined(version: ApiVersion, place: Place): boolean {
  const since = NAME_SINCE[place.pattern];
  return since === undefined || isAtLeast(version, since);
}

/** The names directly below a place in a set of patterns. */
function namesIn(patterns: ReadonlySet<string>, place: Place): string[] {
  const prefix = place.pattern === '' ? '' : `${place.pattern}.`;
  return [...patterns]
    .filter(pattern => pattern.startsWith(prefix))
    .map(pattern => pattern.slice(prefix.length))
    .filter(rest => /^\w+$/.test(rest));
}

function reportUnknown(
  reading: Reading,
  names: ReadonlyMap<string, string>,
  shape: Readonly<Record<string, z.ZodType>>,
  place: Place,
  written: string,
  later: string | undefined,
): void {
  // An object may have a hundred thousand such names.
  if (reading.problems.isFull(isStrict(reading.version) ? 'problems' : 'warnings')) return;
  const message =
    `API version ${reading.version} does not define \`${written}\` here.` +
    hintFor(reading, names, shape, place, written, later);
  const path = [...place.path, written];
  if (isStrict(reading.version)) reading.problems.error('UnknownField', path, message, { kind: 'unknown' });
  else reading.problems.warning('UnknownField', path, `${message} It is ignored.`);
}

function hintFor(
  reading: Reading,
  names: ReadonlyMap<string, string>,
  shape: Readonly<Record<string, z.ZodType>>,
  place: Place,
  written: string,
  later: string | undefined,
): string {
  const since = later === undefined ? undefined : NAME_SINCE[below(place, later).pattern];
  if (since !== undefined) return ` It exists from ${since} on.`;
  const same = (name: string): boolean => name.toLowerCase() === written.toLowerCase();
  const renamed = [...names].find(([now, name]) => {
    const before = NAME_BEFORE[below(place, name).pattern]?.name;
    return before !== undefined && (same(name) || same(before)) && !same(now);
  });
  if (renamed !== undefined) return ` In this version it is called \`${renamed[0]}\`.`;
  const known = [...names].filter(([, name]) => isDefined(reading.version, below(place, name)));
  const inner = known.find(([, name]) => Object.keys(shapeOf(shape[name])).includes(written));
  if (inner !== undefined) return ` Did you mean \`${inner[0]}.${written}\`?`;
  return didYouMean(
    written,
    known.map(([now]) => now),
  );
}

function shapeOf(schema: z.ZodType | undefined): Readonly<Record<string, z.ZodType>> {
  const plain = schema === undefined ? undefined : unwrap(schema);
  return plain instanceof z.ZodObject ? plain.shape : {};
}

/** The schema below defaults, optionality and transformations. */
export function unwrap(schema: z.ZodType): z.ZodType {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault) {
    return unwrap(schema.unwrap() as z.ZodType);
  }
  return schema instanceof z.ZodPipe ? unwrap(schema.in as z.ZodType) : schema;
}
