import { z } from 'zod';
import { didYouMean } from './did-you-mean.ts';
import type { Segment } from './json-document.ts';
import type { Problems } from './problems.ts';
import { NAME_SINCE } from './since.ts';
import { isOff, READ_ONLY, UNSUPPORTED_NAMES } from './unsupported.ts';
import type { SupportedVersion } from './versions.ts';
import { isAtLeast, isStrict } from './versions.ts';

/** Where in the resource a value is: its path, and the pattern by which the tables know it. */
export interface Place {
  readonly path: readonly Segment[];
  readonly pattern: string;
}

/** What every part of a template is read with. */
export interface Reading {
  readonly version: SupportedVersion;
  readonly problems: Problems;
}

export function below(place: Place, name: string): Place {
  return { path: [...place.path, name], pattern: place.pattern === '' ? name : `${place.pattern}.${name}` };
}

/**
 * The value with every name in the form that the schema has, and without what is `null`, read-only, unknown or
 * refused; the latter three are reported. Types are not looked at.
 */
export function normaliseNames(reading: Reading, schema: z.ZodType, value: unknown, place: Place): unknown {
  const plain = unwrap(schema);
  if (plain instanceof z.ZodArray && Array.isArray(value)) {
    const element = plain.element as z.ZodType;
    const pattern = `${place.pattern}[]`;
    return value.map((one, i) => normaliseNames(reading, element, one, { path: [...place.path, i], pattern }));
  }
  if (!(plain instanceof z.ZodObject) || !isObject(value)) return value;

  const shape: Readonly<Record<string, z.ZodType>> = plain.shape;
  const names = [...new Set([...Object.keys(shape), ...namesIn(READ_ONLY, place), ...namesIn(UNSUPPORTED, place)])];
  const entries = new Map<string, unknown>();
  for (const [written, item] of Object.entries(value)) {
    const name = nameFor(reading, names, written);
    if (name === undefined || !isDefined(reading, below(place, name))) {
      reportUnknown(reading, names, shape, place, written, name);
      continue;
    }
    const here = below(place, name);
    if (entries.has(name)) {
      reading.problems.error('DuplicateField', [...place.path, written], `\`${name}\` is given more than once.`, {
        kind: 'duplicate',
      });
      continue;
    }
    if (item === null) continue;
    if (READ_ONLY.has(here.pattern)) {
      reading.problems.warning(
        'ReadOnlyField',
        here.path,
        `\`${name}\` is filled in by the service; it is ignored here.`,
      );
      continue;
    }
    const reason = UNSUPPORTED_NAMES[here.pattern];
    if (reason !== undefined) {
      if (!isOff(item)) refuse(reading, here, name, reason, item);
      continue;
    }
    const child = shape[name];
    // The service takes an empty string for "the default" wherever there is a list of values.
    if (item === '' && child !== undefined && unwrap(child) instanceof z.ZodEnum) continue;
    entries.set(name, child === undefined ? item : normaliseNames(reading, child, item, here));
  }
  return Object.fromEntries(entries);
}

const UNSUPPORTED: ReadonlySet<string> = new Set(Object.keys(UNSUPPORTED_NAMES));

/** The value of a name in an object that was not normalised yet. */
export function fieldOf(reading: Reading, value: unknown, name: string): unknown {
  if (!isObject(value)) return undefined;
  const written = Object.keys(value).find(key => nameFor(reading, [name], key) === name);
  return written === undefined ? undefined : (value[written] ?? undefined);
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

export function refuse(reading: Reading, place: Place, name: string, reason: string, value: unknown): void {
  const message = `\`${name}\` is not supported by Kiln: it ${reason}.`;
  reading.problems.error('Unsupported', place.path, message, { kind: 'bad', value });
}

function nameFor(reading: Reading, names: readonly string[], written: string): string | undefined {
  if (names.includes(written)) return written;
  if (isStrict(reading.version)) return undefined;
  return names.find(name => name.toLowerCase() === written.toLowerCase());
}

function isDefined(reading: Reading, place: Place): boolean {
  const since = NAME_SINCE[place.pattern];
  return since === undefined || isAtLeast(reading.version, since);
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
  names: readonly string[],
  shape: Readonly<Record<string, z.ZodType>>,
  place: Place,
  written: string,
  later: string | undefined,
): void {
  const since = later === undefined ? undefined : NAME_SINCE[below(place, later).pattern];
  const known = names.filter(name => isDefined(reading, below(place, name)));
  const inner = known.find(name => Object.keys(shapeOf(shape[name])).includes(written));
  const hint =
    since !== undefined
      ? ` It exists from ${since} on.`
      : inner !== undefined
        ? ` Did you mean \`${inner}.${written}\`?`
        : didYouMean(written, known);
  const message = `API version ${reading.version} does not define \`${written}\` here.${hint}`;
  const path = [...place.path, written];
  if (isStrict(reading.version)) reading.problems.error('UnknownField', path, message, { kind: 'unknown' });
  else reading.problems.warning('UnknownField', path, `${message} It is ignored.`);
}

function shapeOf(schema: z.ZodType | undefined): Readonly<Record<string, z.ZodType>> {
  const plain = schema === undefined ? undefined : unwrap(schema);
  return plain instanceof z.ZodObject ? plain.shape : {};
}

/** The schema below defaults, optionality and transformations. */
function unwrap(schema: z.ZodType): z.ZodType {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault) {
    return unwrap(schema.unwrap() as z.ZodType);
  }
  return schema instanceof z.ZodPipe ? unwrap(schema.in as z.ZodType) : schema;
}
