import type { Segment } from './json-document.ts';
import type { ApiVersion } from './model.ts';
import { below, isDefined, isObject, nameIn, type Place } from './names.ts';
import { showPath } from './problems.ts';
import { typeIn } from './read.ts';
import { DOT_IN_NAMES_SINCE, DOTLESS_NAMES, LATEST_GALLERY_VERSION_SINCE, VALUE_SINCE, VALUE_UNTIL } from './since.ts';
import { isAtLeast } from './versions.ts';

type Json = Readonly<Record<string, unknown>>;

/** Stands for a value that the version cannot say. */
const LOST = Symbol('lost');

/**
 * A resource in the newest version's names, in those of another version.
 *
 * @returns what could be said, and the JSON paths of what could not and is left out
 */
export function inVersion(version: ApiVersion, resource: Json): { readonly value: Json; readonly lost: string[] } {
  const lost: (readonly Segment[])[] = [];
  const value = translate(version, resource, { path: [], pattern: '' }, path => lost.push(path));
  return { value: isObject(value) ? value : {}, lost: lost.map(showPath) };
}

function translate(version: ApiVersion, value: unknown, place: Place, lose: (path: Place['path']) => void): unknown {
  if (Array.isArray(value)) {
    const pattern = `${place.pattern}[]`;
    return value
      .map((one, i) => translate(version, one, { path: [...place.path, i], pattern }, lose))
      .filter(one => one !== LOST);
  }
  if (isObject(value)) return translateObject(version, value, place, lose);
  if (typeof value !== 'string' || canSay(version, value, place.pattern)) return value;
  lose(place.path);
  return LOST;
}

function translateObject(version: ApiVersion, value: Json, at: Place, lose: (path: Place['path']) => void): unknown {
  const { type } = value;
  const hasVariants = typeof type === 'string' && VARIANTS.has(at.pattern);
  if (hasVariants && !canSay(version, type, below(at, 'type').pattern)) {
    lose(at.path);
    return LOST;
  }
  const place = hasVariants ? { path: at.path, pattern: `${at.pattern.replace(/\[\]$/, '')}[${type}]` } : at;
  const entries = Object.entries(value).flatMap(([name, item]): [string, unknown][] => {
    const here = below(place, name);
    if (hasVariants && name === 'type') return [[name, typeIn(version, type)]];
    if (!isDefined(version, here)) {
      lose(here.path);
      return [];
    }
    const said = translate(version, item, here, lose);
    return said === LOST ? [] : [[nameIn(version, place, name), said]];
  });
  return Object.fromEntries(entries);
}

/** Where an object's `type` says which properties it has. */
const VARIANTS: ReadonlySet<string> = new Set([
  'properties.source',
  'properties.customize[]',
  'properties.validate.inVMValidations[]',
  'properties.distribute[]',
]);

function canSay(version: ApiVersion, text: string, pattern: string): boolean {
  const first = VALUE_SINCE[pattern]?.[text];
  const end = VALUE_UNTIL[pattern]?.[text];
  if (first !== undefined && !isAtLeast(version, first)) return false;
  if (end !== undefined && isAtLeast(version, end)) return false;
  if (DOTLESS_NAMES.has(pattern)) return !text.includes('.') || isAtLeast(version, DOT_IN_NAMES_SINCE);
  if (pattern !== 'properties.source[SharedImageVersion].imageVersionId') return true;
  return !/\/latest$/i.test(text) || isAtLeast(version, LATEST_GALLERY_VERSION_SINCE);
}
