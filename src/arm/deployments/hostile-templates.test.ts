import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KilnError } from '../../errors/kiln-error.ts';
import { evaluated, refused, resource, template } from './deployment.fixture.ts';
import { FUNCTION_NAMES } from './functions/registry.ts';

/** Longer than any template may keep Kiln busy, on a slow machine as well. */
const BUSY_MS = 8_000;

/** Evaluates, outputs and all; an error that is none for users fails the test. */
function attempt(document: unknown): void {
  try {
    const deployment = evaluated(document, { existing: () => ({ properties: { a: 1 } }) });
    for (const one of deployment.resources) one.resolve(() => ({ properties: { a: 1 } }));
    deployment.outputs(() => ({ properties: { a: 1 } }));
  } catch (error) {
    if (!(error instanceof KilnError)) throw error;
  }
}

const repeated = (count: number, make: (i: number) => unknown): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`v${i}`, make(i)]));
const doubling = (of: (name: string) => string): Readonly<Record<string, unknown>> =>
  repeated(60, i => (i === 0 ? 'x' : `[${of(`variables('v${i - 1}')`)}]`));
const nestedMaps = (levels: number): string =>
  levels === 0 ? '1' : `map(range(0, 1000), lambda('x', ${nestedMaps(levels - 1)}))`;
// The last comes first, so that each waits for the next.
const chain = repeated(256, i =>
  i === 255 ? 'x' : `[${'concat('.repeat(90)}variables('v${i + 1}')${')'.repeat(90)}]`,
);
const recursive = {
  namespace: 'f',
  members: {
    a: { parameters: [{ name: 'n', type: 'int' }], output: { type: 'int', value: "[f.a(add(parameters('n'), 1))]" } },
  },
};
let deepArray: unknown = 1;
for (let i = 0; i < 5000; i++) deepArray = [deepArray];

describe('hostile templates', () => {
  it.each([
    ['texts that double', { variables: doubling(x => `concat(${x}, ${x})`) }],
    ['arrays that double', { variables: doubling(x => `createArray(${x}, ${x})`) }],
    ['objects that double', { variables: doubling(x => `createObject('a', ${x}, 'b', ${x})`) }],
    [
      'objects that double in JSON',
      {
        variables: repeated(60, i => (i === 0 ? 1 : { a: `[variables('v${i - 1}')]`, b: `[variables('v${i - 1}')]` })),
      },
    ],
    [
      'replacements that multiply',
      {
        variables: repeated(9, i =>
          i === 0 ? 'aaaaaaaaaa' : `[replace(variables('v${i - 1}'), 'a', variables('v${i - 1}'))]`,
        ),
      },
    ],
    ['joins that multiply', { variables: { v: "[join(range(0, 10000), padLeft('x', 1000000))]" } }],
    ['formats that multiply', { variables: { v: `[format('${'{0}'.repeat(7000)}', padLeft('x', 1000000))]` } }],
    ['widths', { variables: { v: "[format('{0,9999999}', 1)]" } }],
    ['maps in maps', { variables: { v: `[${nestedMaps(8)}]` } }],
    [
      'sorting in sorting',
      {
        variables: {
          v: "[map(range(0, 1000), lambda('i', sort(range(0, 1000), lambda('a', 'b', less(lambdaVariables('b'), lambdaVariables('a'))))))]",
        },
      },
    ],
    [
      'reductions that grow',
      {
        variables: {
          v: "[reduce(range(0, 10000), createArray(), lambda('s', 'i', concat(lambdaVariables('s'), range(0, 100))))]",
        },
      },
    ],
    [
      'unions of large arrays again and again',
      { variables: { v: "[map(range(0, 10000), lambda('i', union(range(0, 10000), range(1, 10000))))]" } },
    ],
    [
      'hashes of long texts',
      { variables: { v: "[map(range(0, 10000), lambda('i', uniqueString(padLeft('x', 1000000))))]" } },
    ],
    [
      'comparisons of large values',
      {
        variables: {
          a: '[range(0, 10000)]',
          v: "[map(range(0, 10000), lambda('i', equals(variables('a'), variables('a'))))]",
        },
      },
    ],
    [
      'searches in long texts',
      {
        variables: {
          v: "[map(range(0, 10000), lambda('i', indexOf(padLeft('x', 1000000), concat(padLeft('x', 500000), 'y'))))]",
        },
      },
    ],
    [
      'conversions of large values',
      {
        variables: { a: '[range(0, 10000)]', v: "[map(range(0, 10000), lambda('i', length(string(variables('a')))))]" },
      },
    ],
    ['quotes without an end', { variables: { v: "[json(padLeft('', 1000000, ''''))]" } }],
    ['long chains of variables', { variables: chain }],
    ['functions that call themselves', { functions: [recursive], variables: { v: '[f.a(1)]' } }],
    [
      'loops in loops',
      {
        variables: {
          copy: [
            {
              name: 'a',
              count: 800,
              input: { copy: [{ name: 'b', count: 800, input: { copy: [{ name: 'c', count: 800, input: 'x' }] } }] },
            },
          ],
        },
      },
    ],
    ['nesting', { variables: { v: deepArray } }],
    [
      'nesting in JSON texts',
      { variables: { v: "[json(concat(padLeft('', 100000, '['), padLeft('', 100000, ']')))]" } },
    ],
    [
      'loops over large values',
      {
        resources: [
          resource('[string(copyIndex())]', {
            copy: { name: 'l', count: 800 },
            properties: { v: Array.from({ length: 500_000 }, () => 1) },
          }),
        ],
      },
    ],
    ['problems without end', { variables: { v: Array.from({ length: 100_000 }, () => '[a]') } }],
    [
      'many loops of resources',
      {
        resources: Array.from({ length: 2000 }, (_, i) =>
          resource(`[concat('r${i}-', copyIndex())]`, { copy: { name: `l${i}`, count: 800 } }),
        ),
      },
    ],
  ])('are refused in bounded time: %s', (_, parts) => {
    const start = performance.now();
    expect(refused(template(parts)).code).toBe('InvalidTemplate');
    expect(performance.now() - start).toBeLessThan(BUSY_MS);
  });

  it('are evaluated when they are merely large', () => {
    const resources = Array.from({ length: 8 }, (_, i) =>
      resource(`[concat('r${i}-', copyIndex())]`, {
        copy: { name: `l${i}`, count: 100 },
        dependsOn: i === 0 ? [] : [`l${i - 1}`],
        properties: { v: '[concat(resourceGroup().id, uniqueString(string(copyIndex())))]' },
      }),
    );
    const start = performance.now();
    expect(evaluated(template({ resources })).resources).toHaveLength(800);
    expect(performance.now() - start).toBeLessThan(BUSY_MS);
  });
});

const names = fc.constantFrom('a', 'b', 'A', '__proto__', 'constructor', 'copy', 'name', 'x-y', "[concat('k')]");
const called = fc.constantFrom(...FUNCTION_NAMES, 'lambda', 'listKeys', 'my.f', 'nonsense');
const expression = fc.letrec<{ node: string; text: string }>(tie => ({
  text: fc.constantFrom(
    "'a'",
    "'b'",
    "'Test.Kiln/things'",
    "'{0:D3}'",
    "'2024-01-01T00:00:00Z'",
    "'P1D'",
    "'%zz'",
    '0',
    '1',
    '-3',
    '9007199254740991',
  ),
  node: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    { arbitrary: tie('text'), weight: 3 },
    {
      arbitrary: fc
        .tuple(called, fc.array(tie('node'), { maxLength: 4 }))
        .map(([name, args]) => `${name}(${args.join(', ')})`),
      weight: 5,
    },
    {
      arbitrary: fc
        .tuple(tie('node'), fc.constantFrom('.a', '.?b', '[0]', "['a']", '[?1]'))
        .map(([of, link]) => of + link),
      weight: 1,
    },
    { arbitrary: tie('node').map(body => `map(range(0, 3), lambda('a', ${body}))`), weight: 1 },
  ),
})).node;
const text = fc.oneof(
  expression.map(one => `[${one}]`),
  fc.string(),
  fc.constantFrom(
    '[',
    '[]',
    '[[x]',
    "[parameters('a')]",
    "[variables('b')]",
    '[copyIndex()]',
    "[reference('a').a]",
    'inner',
    'Test.Kiln/things',
  ),
);
const json = fc.letrec<{ value: unknown }>(tie => ({
  value: fc.oneof(
    { depthSize: 'small' },
    text,
    fc.constantFrom<unknown>(null, true, 0, -1, 2, 1e308, 0.5),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(names, tie('value'), { maxKeys: 4 }),
    fc
      .record({ name: fc.constantFrom('a', 'b'), count: tie('value'), input: tie('value') })
      .map(one => ({ copy: [one] })),
  ),
})).value;
const thing = fc.record(
  {
    type: fc.oneof(
      { weight: 8, arbitrary: fc.constantFrom('Test.Kiln/things', 'Microsoft.Resources/deployments') },
      { weight: 1, arbitrary: json },
    ),
    apiVersion: fc.constant('2024-01-01'),
    name: fc.oneof(text, fc.constantFrom('a', 'b', 'c', "[concat('r', copyIndex())]")),
    condition: json,
    dependsOn: fc.array(fc.constantFrom('a', 'b', 'l', "[resourceId('Test.Kiln/things', 'a')]"), { maxLength: 2 }),
    copy: fc.record({
      name: fc.constant('l'),
      count: fc.oneof(fc.integer({ min: 0, max: 4 }), json),
      mode: fc.constantFrom('serial', 'parallel'),
    }),
    properties: json,
    tags: json,
    resources: fc.array(json, { maxLength: 2 }),
  },
  { requiredKeys: ['type', 'apiVersion', 'name'] },
);
const definition = fc.record({
  type: fc.constantFrom('string', 'int', 'object', 'array', 'secureObject'),
  defaultValue: json,
  value: json,
});

describe('any document', () => {
  it('ends in resources or in an error for users, whatever the document', () => {
    const section = fc.dictionary(names, definition, { maxKeys: 3 });
    const document = fc.record({
      parameters: section,
      variables: fc.dictionary(names, json, { maxKeys: 4 }),
      resources: fc.oneof(fc.array(thing, { maxLength: 4 }), fc.dictionary(names, thing, { maxKeys: 3 })),
      outputs: section,
    });
    fc.assert(
      fc.property(document, one => attempt(template(one))),
      { numRuns: 1500 },
    );
    fc.assert(
      fc.property(
        fc.oneof(json, fc.dictionary(fc.constantFrom('$schema', 'resources', 'functions', 'parameters'), json)),
        attempt,
      ),
    );
  });

  it('ends so for any expression, with a position in every error about one', () => {
    fc.assert(
      fc.property(expression, one => {
        try {
          evaluated(template({ variables: { v: `[${one}]` } }));
        } catch (error) {
          if (!(error instanceof KilnError)) throw error;
          expect(error.message).toMatch(/expression '.*' at position [1-9]\d*: /s);
          expect(error.target).toBe('variables.v');
        }
      }),
      { numRuns: 3000 },
    );
  });
});
