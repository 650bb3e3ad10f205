import { describe, expect, it } from 'vitest';
import { evaluated, GROUP, refused, resource, template, thingId } from './deployment.fixture.ts';

function ids(document: unknown): readonly string[] {
  return evaluated(document).resources.map(({ id }) => id.slice(GROUP.length + '/providers/Test.Kiln/things/'.length));
}

describe('resources', () => {
  it('are made by loops, as many at a time as the loop says', () => {
    const document = template({
      resources: [
        resource('last', { dependsOn: ['loop', 'none'] }),
        resource("[concat('n', copyIndex(1))]", {
          copy: { name: 'loop', count: 5, mode: 'Serial', batchSize: 2 },
          properties: {
            i: '[copyIndex()]',
            copy: [{ name: 'inner', count: 2, input: "[add(mul(copyIndex(), 10), copyIndex('inner'))]" }],
          },
        }),
        resource('x', { copy: { name: 'none', count: 0 } }),
      ],
    });
    const { resources } = evaluated(document);
    expect(resources.map(({ name, dependsOn }) => [name, dependsOn.map(id => id.slice(-2))])).toEqual([
      ['n1', []],
      ['n2', []],
      ['n3', ['n1', 'n2']],
      ['n4', ['n1', 'n2']],
      ['n5', ['n3', 'n4']],
      ['last', ['n1', 'n2', 'n3', 'n4', 'n5']],
    ]);
    expect(resources[2]?.body?.['properties']).toEqual({ i: 2, inner: [20, 21] });
  });

  it('are left out with what is inside them when their condition does not hold', () => {
    const document = template({
      parameters: { on: { type: 'bool', defaultValue: false } },
      resources: [
        resource('a', { condition: "[parameters('on')]", resources: [{ ...resource('b'), type: 'parts' }] }),
        resource('c', { dependsOn: [thingId('a'), "[resourceId('Test.Kiln/things/parts', 'a', 'b')]"] }),
        // Two of one name, of which one is chosen.
        resource('d', { condition: "[parameters('on')]", properties: { v: 1 } }),
        resource('d', { condition: "[not(parameters('on'))]", properties: { v: 2 } }),
      ],
    });
    expect(ids(document)).toEqual(['c', 'd']);
    expect(evaluated(document).resources[1]?.body?.['properties']).toEqual({ v: 2 });
    expect(evaluated(document, { parameters: { on: true } }).resources.map(({ name }) => name)).toEqual([
      'a',
      'a/b',
      'c',
      'd',
    ]);
  });

  it('depend on what they name: by name, type and name, id, or state', () => {
    const document = template({
      resources: [
        resource('a', { dependsOn: ['b'] }),
        resource('b', { dependsOn: ['Test.Kiln/things/c'] }),
        resource('c', { dependsOn: ["[resourceId('test.kiln/THINGS', 'D')]"] }),
        resource('d', {
          properties: { x: "[concat(reference('e').v, reference(resourceId('Test.Kiln/things', 'f')).v)]" },
        }),
        resource('e'),
        resource('f'),
      ],
    });
    expect(ids(document)).toEqual(['e', 'f', 'd', 'c', 'b', 'a']);
  });

  it('have symbolic names in the newer language, and may exist already', () => {
    const document = template({
      languageVersion: '2.0',
      resources: {
        image: resource('i', { dependsOn: ['many', 'gallery'], properties: { v: "[reference('old').size]" } }),
        many: { ...resource("[format('m{0}', copyIndex())]"), copy: { name: 'many', count: 2 } },
        gallery: resource('g', { properties: { v: "[reference('many[1]').v]" } }),
        old: { existing: true, type: 'Test.Kiln/things', apiVersion: '2024-01-01', resourceGroup: 'other', name: 'o' },
      },
    });
    const asked: unknown[] = [];
    const existing = (id: string, version?: string) => {
      asked.push([id, version]);
      return { properties: { size: 7 } };
    };
    const { resources } = evaluated(document, { existing });
    expect(resources.map(({ name, symbol }) => [name, symbol])).toEqual([
      ['m0', 'many[0]'],
      ['m1', 'many[1]'],
      ['g', 'gallery'],
      ['i', 'image'],
    ]);
    expect(resources[3]?.body?.['properties']).toEqual({ v: 7 });
    expect(asked).toEqual([[thingId('o').replace('/images/', '/other/'), '2024-01-01']]);
  });

  it.each([
    [
      [resource('a', { dependsOn: ['nothing'] })],
      "'nothing' is not defined in the template",
      'resources[0].dependsOn[0]',
    ],
    [[resource('a', { dependsOn: ['a'] })], 'Circular dependency', 'resources[0].dependsOn'],
    [
      [resource('a', { dependsOn: ['b'] }), resource('b', { dependsOn: ['a'] })],
      `'${thingId('a')}' -> '${thingId('b')}' -> '${thingId('a')}'`,
      'resources[0]',
    ],
    [[resource('a'), resource('A')], 'defined multiple times', 'resources[1]'],
    [[resource('a/b')], 'incorrect segment lengths', 'resources[0]'],
    [[resource('a', { copy: { name: 'l', count: 801 } })], 'between 0 and 800', 'resources[0].copy.count'],
    [
      [1, 2].map(i =>
        resource(`${i}[`, { name: `[concat('${i}', copyIndex())]`, copy: { name: `l${i}`, count: 500 } }),
      ),
      'limit of 800 resources',
      'resources[1]',
    ],
    [[{ type: 'Test.Kiln/things', name: 'a' }], 'needs `apiVersion`', 'resources[0]'],
    [
      [resource("[reference('b').x]"), resource('b')],
      'in the properties of a resource and in outputs only',
      'resources[0]',
    ],
    [[resource('a', { tags: { x: "[reference('b').x]" } }), resource('b')], 'in outputs only', 'resources[0].tags.x'],
    [
      [resource('a', { properties: { x: "[reference('b').x]" } })],
      'is not defined in the template',
      'resources[0].properties.x',
    ],
    [
      [resource('a', { properties: { x: `[reference('${thingId('b')}').x]` } })],
      'needs an API version',
      'resources[0].properties.x',
    ],
    [
      [resource('a', { properties: { copy: [{ name: 'x', count: 1 }] } })],
      'needs `name`, `count` and `input`',
      'resources[0].properties.copy[0]',
    ],
    [[resource('a', { scope: "[createArray('x')]" })], 'must be a text', 'resources[0]'],
    [[resource('a', { condition: 'yes' })], 'must be a boolean', 'resources[0]'],
  ])('are refused where they make no sense: %#', (resources, message, target) => {
    const error = refused(template({ resources }));
    expect(error.message).toContain(message);
    expect(error).toMatchObject({ code: 'InvalidTemplate', target });
  });

  it('name one that does not exist as Resource Manager does', () => {
    const outputs = { x: { type: 'int', value: "[reference('a').v]" } };
    const { outputs: evaluate } = evaluated(template({ resources: [resource('a')], outputs }));
    expect(() => evaluate(() => undefined)).toThrow(
      expect.objectContaining({ code: 'ResourceNotFound', target: 'outputs.x.value' }),
    );
    const x = `[reference('${thingId('b')}', '2024-01-01').x]`;
    expect(refused(template({ resources: [resource('a', { properties: { x } })] }))).toMatchObject({
      code: 'ResourceNotFound',
      message: expect.stringContaining(
        "The Resource 'Test.Kiln/things/b' under resource group 'images' was not found.",
      ),
    });
  });
});

describe('deployments inside of a template', () => {
  const inner = (
    parts: Readonly<Record<string, unknown>>,
    own: Readonly<Record<string, unknown>>,
    scope = 'inner',
  ) => ({
    type: 'Microsoft.Resources/deployments',
    apiVersion: '2022-09-01',
    name: 'nested',
    ...own,
    properties: {
      mode: 'Incremental',
      expressionEvaluationOptions: { scope },
      ...(scope === 'inner' ? { parameters: { name: { value: "[reference('first').made]" } } } : {}),
      template: template(parts),
    },
  });

  it('wait for their parameters, deploy to their group, and give their outputs', () => {
    const nested = inner(
      {
        parameters: { name: { type: 'string' } },
        resources: [resource("[concat(parameters('name'), '-', resourceGroup().name)]")],
        outputs: { id: { type: 'string', value: "[resourceId('Test.Kiln/things', parameters('name'))]" } },
      },
      { resourceGroup: 'other' },
    );
    const document = template({
      resources: [nested, resource('first')],
      outputs: {
        id: {
          type: 'string',
          value: "[reference(resourceId('other', 'Microsoft.Resources/deployments', 'nested')).outputs.id.value]",
        },
      },
    });
    const { resources, outputs } = evaluated(document);
    const [first, deployment] = resources;
    expect(deployment).toMatchObject({ body: undefined, dependsOn: [first?.id] });
    const made = deployment?.deployment?.(() => ({ properties: { made: 'm' } }));
    const other = thingId('').replace('/images/', '/other/');
    expect(made?.resources.map(({ id, path }) => [id, path])).toEqual([
      [`${other}m-other`, ['resources', 0, 'properties', 'template', 'resources', 0]],
    ]);
    const state = { properties: { outputs: made?.outputs(() => undefined) } };
    expect(outputs(id => (id === deployment?.id ? state : undefined))['id']?.value).toBe(`${other}m`);
  });

  it('see the names around them in the outer scope', () => {
    const nested = inner({ variables: { v: 'inside' }, resources: [resource("[variables('v')]")] }, {}, 'outer');
    const { resources } = evaluated(template({ variables: { v: 'outside' }, resources: [nested] }));
    expect(resources[0]?.deployment?.(() => undefined).resources.map(({ name }) => name)).toEqual(['outside']);
  });

  it('wait in the outer scope for resources around them', () => {
    const parts = {
      resources: [resource('in', { properties: { v: "[reference('first').v]" } })],
      outputs: { v: { type: 'int', value: "[reference('first').v]" } },
    };
    const { resources } = evaluated(template({ resources: [inner(parts, {}, 'outer'), resource('first')] }));
    const [first, deployment] = resources;
    expect(deployment).toMatchObject({ dependsOn: [first?.id], body: { name: 'nested' } });
    const runtime = () => ({ properties: { v: 5 } });
    const made = deployment?.deployment?.(runtime);
    expect(made?.resources[0]).toMatchObject({ body: undefined, dependsOn: [] });
    expect(made?.resources[0]?.resolve(runtime)['properties']).toEqual({ v: 5 });
    expect(made?.outputs(runtime)).toMatchObject({ v: { value: 5 } });
  });

  it('are checked with the template, with paths from its top', () => {
    const nested = inner({ resources: [resource('[nonsense()]')] }, {}, 'outer');
    expect(refused(template({ resources: [nested] })).target).toBe('resources[0].properties.template.resources[0]');
    const linked = { ...nested, properties: { templateLink: { uri: 'https://contoso.example' } } };
    expect(refused(template({ resources: [linked] }))).toMatchObject({
      code: 'DeploymentFeatureUnsupported',
      message: expect.stringContaining('templateLink'),
    });
  });
});

describe('outputs and the whole', () => {
  it('leave out what its condition leaves out, and are secret as they say', () => {
    const outputs = {
      no: { condition: '[equals(1, 2)]', type: 'string', value: "[int('x')]" },
      key: { type: 'secureString', value: 'k' },
      list: { type: 'array', copy: { count: 2, input: '[copyIndex(1)]' } },
    };
    expect(evaluated(template({ outputs })).outputs(() => undefined)).toEqual({
      key: { type: 'securestring', value: 'k', secret: true },
      list: { type: 'array', value: [1, 2], secret: false },
    });
    expect(refused(template({ outputs: { n: { type: 'int', value: 'x' } } }))).toMatchObject({
      code: 'DeploymentOutputEvaluationFailed',
      target: 'outputs.n',
    });
  });

  it.each([
    [[], 'must be a JSON object', undefined],
    [{}, "Required property '$schema' not found in JSON", '$schema'],
    [template({ $schema: 'https://contoso.example/other.json' }), 'is not that of a deployment template', '$schema'],
    [
      template({
        $schema: 'https://schema.management.azure.com/schemas/2018-05-01/subscriptionDeploymentTemplate.json#',
      }),
      'A deployment to a subscription is not supported',
      '$schema',
    ],
    [template({ resource: [] }), "Could not find member 'resource' on object of type 'Template'", 'resource'],
    [template({ imports: {} }), '`imports` of a template is not supported', 'imports'],
    [template({ languageVersion: '3.0' }), "The language version '3.0'", 'languageVersion'],
    [template({ variables: [] }), '`variables` must be an object', 'variables'],
    [
      template({ variables: Object.fromEntries(Array.from({ length: 257 }, (_, i) => [`v${i}`, 1])) }),
      'more than the limit of 256',
      'variables',
    ],
  ])('is refused where it is no template that Kiln has: %#', (document, message, target) => {
    const error = refused(document);
    expect(error.message).toContain(message);
    expect(error.details.map(one => one.target)).toContain(target ?? '');
  });
});
