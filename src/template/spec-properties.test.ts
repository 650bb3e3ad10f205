import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { KilnError } from '../errors/kiln-error.ts';
import { API_VERSIONS } from './model.ts';
import { parseTemplate } from './parse.ts';
import { isAtLeast } from './versions.ts';

const file = new URL('../../tests/spec-examples/properties.json', import.meta.url);
const version = z.enum(API_VERSIONS);
const facts = z.record(z.string(), z.tuple([version, version])).parse(JSON.parse(readFileSync(file, 'utf8')));

const SEGMENT = /([A-Za-z]\w*)(?:\[(\w*)\])?/g;

/** A resource that has just what the pattern names: `a.b[T].c` is `{ a: { b: [{ type: T, c: 0 }] } }`. */
function withProperty(pattern: string): object {
  let value: object | number = 0;
  for (const [, name = '', type] of [...pattern.matchAll(SEGMENT)].reverse()) {
    const fields: object = typeof value === 'object' ? value : {};
    if (type === undefined) value = { [name]: value };
    else if (name === 'versioning') value = { [name]: { ...fields, scheme: type } };
    else if (name === 'source') value = { [name]: { ...fields, type } };
    else value = { [name]: [type === '' ? fields : { ...fields, type }] };
  }
  return Object(value);
}

/** Whether nothing on the way to the property is unknown to the version, or read although it is. Its value is not looked at. */
function isKnown(pattern: string, apiVersion: string): boolean {
  const text = JSON.stringify({ apiVersion, ...withProperty(pattern) });
  try {
    return parseTemplate(text).warnings.every(isNotUnknown);
  } catch (error) {
    if (error instanceof KilnError) return error.details.every(isNotUnknown);
    throw error;
  }
}

function isNotUnknown({ code, target = '' }: { readonly code: string; readonly target?: string }): boolean {
  return code !== 'UnknownField' && code !== 'OlderName' && !/^properties\..+\.type$/.test(target);
}

describe('the descriptions of the API', () => {
  it.each(API_VERSIONS)('define in %s what is read in it, and nothing else', apiVersion => {
    const differing = Object.entries(facts).filter(([pattern, [first, last]]) => {
      const defined = isAtLeast(apiVersion, first) && isAtLeast(last, apiVersion);
      return isKnown(pattern, apiVersion) !== defined;
    });
    expect(differing).toEqual([]);
    expect(Object.keys(facts).length).toBeGreaterThan(120);
  });
});
