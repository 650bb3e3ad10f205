import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { targetSchemas } from '../distributors/schemas.ts';
import { customizerSchemas } from '../steps/schemas.ts';
import { NAME_SINCE } from './since.ts';
import { sourceSchemas } from './source-schema.ts';
import { READ_ONLY, UNSUPPORTED_NAMES, UNSUPPORTED_TYPES } from './unsupported.ts';
import { SUPPORTED_VERSIONS } from './versions.ts';

const page = readFileSync(new URL('../../docs/template.md', import.meta.url), 'utf8');
const quoted = new Set([...page.matchAll(/`([^`\n]+)`/g)].flatMap(match => (match[1] ?? '').split('.')));

describe('docs/template.md', () => {
  const names = [...READ_ONLY, ...Object.keys(NAME_SINCE), ...Object.keys(UNSUPPORTED_NAMES)];
  const types = [customizerSchemas, targetSchemas, sourceSchemas, ...Object.values(UNSUPPORTED_TYPES)];

  it.each([
    ['API version', SUPPORTED_VERSIONS.filter(version => !page.includes(`\`${version}\``))],
    [
      'special name',
      names.map(pattern => pattern.slice(pattern.lastIndexOf('.') + 1)).filter(name => !quoted.has(name)),
    ],
    ['type', types.flatMap(schemas => Object.keys(schemas)).filter(type => !quoted.has(type))],
  ])('names every %s', (_, missing) => {
    expect(quoted.size).toBeGreaterThan(50);
    expect(missing).toEqual([]);
  });
});
