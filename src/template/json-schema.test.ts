import { globSync, readFileSync } from 'node:fs';
import { parse } from 'jsonc-parser';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { example } from './example.fixture.ts';
import { refusals, schema } from './json-schema.fixture.ts';
import { BROKEN, EARLIER } from './json-schema-broken.fixture.ts';
import { ALL_DESCRIPTIONS } from './json-schema-descriptions.ts';
import { patternOf } from './json-schema-pattern.ts';
import { RULED_PLACES } from './json-schema-rules.ts';
import { snippetsFor } from './json-schema-snippets.ts';
import { API_VERSIONS, type ApiVersion } from './model.ts';
import { isObject } from './names.ts';
import { problems } from './outcome.fixture.ts';
import { parseTemplate } from './parse.ts';
import { typeIn } from './read.ts';
import { starterTemplate } from './starter.ts';
import { isAtLeast, isStrict, NEWEST_VERSION } from './versions.ts';

const ROOT = new URL('../../', import.meta.url).pathname;

function read(file: string): string {
  return readFileSync(`${ROOT}${file}`, 'utf8');
}

describe('the JSON Schema accepts', () => {
  const examples = globSync('tests/spec-examples/*/Create*.json', { cwd: ROOT });
  it.each(examples)('the example %s', file => {
    // What is wrong with the examples themselves is said in spec-examples.test.ts.
    const text = read(file).replaceAll('{subscription-id}', 's').replaceAll('1_location', 'West US 2');
    const body: unknown = JSON.parse(text);
    expect(refusals({ apiVersion: file.split('/')[2], ...(isObject(body) ? body : {}) })).toEqual([]);
  });

  const own = globSync('examples/*/template.json', { cwd: ROOT });
  it.each(own)('our own %s', file => {
    expect(refusals(parse(read(file)))).toEqual([]);
  });

  it.each(['Linux', 'Windows'] as const)('what `kiln init` writes for %s', os => {
    const text = starterTemplate({
      ...{ name: 'web', location: 'westeurope', os, subscription: 's', resourceGroup: 'g', gallery: 'main' },
      source: { publisher: 'Debian', offer: 'debian-12', sku: '12-gen2' },
      targets: ['VHD', 'ManagedImage', 'SharedImage'],
    });
    expect(refusals(parse(text))).toEqual([]);
  });

  it('enough of them to mean something', () => {
    expect([examples.length, own.length >= 3]).toEqual([18, true]);
  });
});

describe('the JSON Schema refuses, and the check with it,', () => {
  const all: typeof EARLIER = [...BROKEN.map(one => [NEWEST_VERSION, ...one] as const), ...EARLIER];
  const cases = all.map(([apiVersion, what, target, properties, resource = {}]) => ({
    ...{ apiVersion, what, target, properties, resource },
  }));
  it.each(cases)('in $apiVersion: $what', ({ apiVersion, target, properties, resource }) => {
    const value: unknown = JSON.parse(JSON.stringify(example(properties, { apiVersion, ...resource })));
    const targets = new Set(refusals(value).map(one => one.target));
    // The oldest version has no target that a template without regions could have.
    const beside = apiVersion === '2018-02-01-preview' ? ['properties.distribute[0].type'] : [];
    expect([...targets].filter(one => !beside.includes(one))).toEqual([target]);
    expect(problems(value).map(one => one.replace(/^\w+ /, ''))).toContain(target);
  });
});

const version = z.enum(API_VERSIONS);
const facts = z
  .record(z.string(), z.tuple([version, version]))
  .parse(JSON.parse(read('tests/spec-examples/properties.json')));

type Node = Readonly<Record<string, unknown>>;

function at(node: unknown, ...names: string[]): Node | undefined {
  const found = names.reduce<unknown>((outer, name) => (isObject(outer) ? outer[name] : undefined), node);
  if (!isObject(found)) return undefined;
  const { $ref } = found;
  return typeof $ref === 'string' ? at(schema, 'definitions', $ref.replace('#/definitions/', '')) : found;
}

/** What follows a condition on a property's value, in a list of conditions. */
function branch(node: Node | undefined, property: string, value: string): Node | undefined {
  const all: readonly unknown[] = Array.isArray(node?.['allOf']) ? node['allOf'] : [];
  const found = all.find(one => at(one, 'if', 'properties', property)?.['const'] === value);
  return at(found, 'then');
}

function resourceOf(apiVersion: ApiVersion): Node | undefined {
  if (apiVersion !== NEWEST_VERSION) return branch(schema, 'apiVersion', apiVersion);
  const all: readonly unknown[] = Array.isArray(schema['allOf']) ? schema['allOf'] : [];
  return all.map(one => at(one, 'else')).find(one => one !== undefined);
}

/** The schema of a place: `a.b[T].c` is the property `c` of an element or object `b` of the type `T`. */
function placeIn(apiVersion: ApiVersion, pattern: string): Node | undefined {
  let node = resourceOf(apiVersion);
  for (const [, name = '', type] of pattern.matchAll(/([A-Za-z]\w*)(?:\[(\w*)\])?/g)) {
    const properties = at(node, 'properties') ?? {};
    const key = Object.keys(properties).find(one => one.toLowerCase() === name.toLowerCase());
    node = at(properties, key ?? '');
    if (type === undefined) continue;
    if (name === 'versioning') {
      const schemes = at(node, 'properties', 'scheme')?.['enum'];
      if (!Array.isArray(schemes) || !schemes.includes(type)) return undefined;
      continue;
    }
    node = at(node, 'items') ?? node;
    if (type !== '') node = branch(node, 'type', typeIn(apiVersion, type));
  }
  return node;
}

describe('the JSON Schema describes', () => {
  it.each(API_VERSIONS)('in %s what the description of the API defines, and nothing else', apiVersion => {
    const differing = Object.entries(facts).filter(([pattern, [first, last]]) => {
      const defined = isAtLeast(apiVersion, first) && isAtLeast(last, apiVersion);
      return (placeIn(apiVersion, pattern) !== undefined) !== defined;
    });
    expect(differing).toEqual([]);
    expect(placeIn(apiVersion, 'properties')?.['additionalProperties']).toBe(isStrict(apiVersion) ? false : undefined);
  });

  it('every place that it has a rule for', () => {
    const missing = RULED_PLACES.filter(one =>
      API_VERSIONS.every(apiVersion => placeIn(apiVersion, one) === undefined),
    );
    expect(missing).toEqual([]);
    expect(RULED_PLACES.length).toBeGreaterThan(20);
  });

  it('with all descriptions that there are', () => {
    const text = JSON.stringify(schema);
    expect(ALL_DESCRIPTIONS.filter(one => !text.includes(JSON.stringify(one)))).toEqual([]);
  });
});

describe('a snippet', () => {
  const SNIPPET_PLACES = ['properties.source', 'properties.customize[]', 'properties.distribute[]'];
  const places = [...SNIPPET_PLACES, 'properties.validate.inVMValidations[]'];

  it.each(API_VERSIONS)('is complete in %s', apiVersion => {
    const seen = places.flatMap(place =>
      snippetsFor(place, apiVersion).map(({ label, body }) => {
        const text = JSON.stringify(body)
          .replace(/\$\{\d:([^}]*)\}/g, '$1')
          .replaceAll('"region"', '"westeurope"');
        const one: unknown = JSON.parse(text);
        const target = { type: 'ManagedImage', runOutputName: 'o', location: 'eastus' };
        const imageId = '/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/images/i';
        const name = place.replace('properties.', '').replace('validate.inVMValidations', 'validate');
        const properties: Record<string, unknown> = {
          distribute: [{ ...target, imageId, type: typeIn(apiVersion, 'ManagedImage') }],
          customize: undefined,
          [name.replace('[]', '')]:
            name === 'validate[]' ? { inVMValidations: [one] } : place.endsWith('[]') ? [one] : one,
        };
        const value: unknown = JSON.parse(JSON.stringify(example(properties, { apiVersion })));
        expect(refusals(value), `${String(label)} ${text}`).toEqual([]);
        parseTemplate(JSON.stringify(value));
        return `${place} ${String(label)}`;
      }),
    );
    expect(seen.length).toBeGreaterThan(isAtLeast(apiVersion, '2022-02-14') ? 14 : 3);
  });
});

describe('a pattern', () => {
  it.each([
    [/^a[b-d]\.\w[/x]$/i, ['ab.c/', 'AB.Cx', 'aD._X', 'aE.cx', 'abxcx']],
    [/^(?:Latest|\d{1,2})$/i, ['latest', 'LATEST', '12', '123', 'late']],
    [/^Case$/, ['Case', 'case']],
  ])('%s says without flags what it said with them', (form, texts) => {
    const plain = new RegExp(patternOf(form), 'u');
    expect(texts.map(text => plain.test(text))).toEqual(texts.map(text => form.test(text)));
  });
});
