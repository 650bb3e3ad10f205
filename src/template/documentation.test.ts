import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { targetSchemas } from '../distributors/schemas.ts';
import { customizerSchemas, validatorSchemas } from '../steps/schemas.ts';
import { API_VERSIONS } from './model.ts';
import { unwrap } from './names.ts';
import { READ_ONLY } from './read-only.ts';
import { propertiesSchema, resourceSchema } from './resource-schema.ts';
import { NAME_BEFORE, NAME_SINCE, TYPE_BEFORE } from './since.ts';
import { sourceSchemas } from './source-schema.ts';

const page = readFileSync(new URL('../../docs/template.md', import.meta.url), 'utf8');
const quoted = new Set([...page.matchAll(/`([^`\n]+)`/g)].flatMap(match => (match[1] ?? '').split('.')));

/** The names of an object's properties, and of those of all objects in it. */
function namesIn(schema: z.ZodType): string[] {
  const plain = unwrap(schema);
  if (plain instanceof z.ZodArray) return namesIn(plain.element as z.ZodType);
  if (!(plain instanceof z.ZodObject)) return [];
  const shape: Readonly<Record<string, z.ZodType>> = plain.shape;
  return Object.entries(shape).flatMap(([name, inner]) => [name, ...namesIn(inner)]);
}

describe('docs/template.md', () => {
  const variants = [customizerSchemas, validatorSchemas, targetSchemas, sourceSchemas];
  const schemas = [resourceSchema, propertiesSchema, ...variants.flatMap(one => Object.values(one))];
  const special = [...READ_ONLY, ...Object.keys(NAME_SINCE)].map(one => one.slice(one.lastIndexOf('.') + 1));
  const older = [...Object.values(NAME_BEFORE), ...Object.values(TYPE_BEFORE)].map(({ name }) => name);

  it.each([
    ['API version', API_VERSIONS, 10],
    ['property', [...new Set(schemas.flatMap(namesIn))], 50],
    ['name that not all versions have', [...special, ...older], 30],
    ['type', variants.flatMap(one => Object.keys(one)), 10],
  ])('names every %s', (_, words, least) => {
    expect(words.length).toBeGreaterThanOrEqual(least);
    expect(words.filter(word => !quoted.has(word))).toEqual([]);
  });
});
