import { describe, expect, it } from 'vitest';
import { evaluated, refused, resource, template, valueOfExpression } from './deployment.fixture.ts';

describe('parameters', () => {
  it('have default values that may use others, the time, and new GUIDs', () => {
    const { parameters } = evaluated(
      template({
        parameters: {
          b: { type: 'string', defaultValue: "[concat(parameters('A'), '-', utcNow('yyyy'))]" },
          a: { type: 'string', defaultValue: 'x' },
          id: { type: 'string', defaultValue: '[newGuid()]' },
          none: { type: 'string', nullable: true },
        },
      }),
    );
    expect(parameters.map(({ value }) => value)).toEqual(['x-2024', 'x', '0b7b9c0e-6a39-4c9f-8f0d-3f6f1f0a2d33', null]);
  });

  it('take values as they are on a command line', () => {
    const parameters = {
      n: { type: 'int' },
      b: { type: 'bool' },
      o: { type: 'object' },
      a: { type: 'array' },
      s: { type: 'string' },
    };
    const given = { n: '3', b: 'True', o: '{"a": 1}', a: { value: [1] }, s: '4' };
    const values = evaluated(template({ parameters }), { parameters: given }).parameters;
    expect(values.map(({ value }) => value)).toEqual([3, true, { a: 1 }, [1], '4']);
  });

  it('keep secrets apart, and out of messages', () => {
    const parameters = {
      key: { type: 'secureString' },
      more: { type: 'secureObject', defaultValue: { inner: ['s2', "[concat(parameters('key'), 'x')]"] } },
      plain: { type: 'string', defaultValue: 'p' },
    };
    const deployment = evaluated(template({ parameters }), { parameters: { key: 's1' } });
    expect([...deployment.secrets]).toEqual(['s1', 's2', 's1x']);
    expect(deployment.parameters.map(({ secret }) => secret)).toEqual([true, true, false]);
    const strict = template({ parameters: { key: { type: 'secureString', allowedValues: ['right'] } } });
    const said = JSON.stringify(refused(strict, { parameters: { key: 'hunter2' } }));
    expect(said).toContain('is not part of the allowed');
    expect(said).not.toMatch(/hunter2|right/);
    const used = template({ parameters, resources: [resource('a', { dependsOn: ["[parameters('key')]"] })] });
    expect(refused(used, { parameters: { key: 'hunter2' } }).message).toContain("The resource '***' is not defined");
  });

  it.each([
    [{ type: 'int', maxValue: 3 }, 4, "less than or equal to '3'"],
    [{ type: 'string', minLength: 2 }, 'a', "greater than or equal to '2'"],
    [{ type: 'array', maxLength: 1 }, [1, 2], "less than or equal to '1'"],
    [{ type: 'array', allowedValues: ['a', 'b'] }, ['a', 'c'], 'allowed value(s)'],
    [{ type: 'string' }, 1, "Expected a value of type 'String', but received a value of type 'Integer'"],
    [{ type: 'number' }, 1, 'Its `type` must be one of'],
    [{ type: 'string' }, { reference: { keyVault: {} } }, 'no key vaults'],
    [{ $ref: '#/definitions/none' }, 'a', 'no definition'],
    [{ $ref: '#/definitions/self' }, 'a', 'no definition'],
    [{ $ref: '#/definitions/short' }, 'abc', "less than or equal to '2'"],
    [{ $ref: '#/definitions/tree' }, { v: 1, sub: { v: 'x' } }, "At '.sub.v': Expected a value of type 'Integer'"],
    [{ $ref: '#/definitions/tree' }, { v: 1, more: 1 }, "The property 'more' is not allowed"],
    [{ $ref: '#/definitions/tree' }, { sub: null }, "The property 'v' is missing"],
    [{ $ref: '#/definitions/shape' }, { side: 1 }, "The property 'kind' is missing"],
    [{ $ref: '#/definitions/shape' }, { kind: 'Square', side: 1 }, "The property 'kind' must be one of: square, dot"],
    [{ $ref: '#/definitions/shape' }, { kind: 'square', side: 'x' }, "At '.side': Expected a value of type 'Integer'"],
    [{ $ref: '#/definitions/shape' }, { kind: 'dot', side: 1 }, "The property 'side' is not allowed"],
    [{ $ref: '#/definitions/round' }, { kind: 'round' }, 'no variants of its own'],
    [{ type: 'object', discriminator: {} }, {}, 'needs a `propertyName` and a `mapping`'],
    [{ type: 'array', prefixItems: [{ type: 'int' }], items: { type: 'bool' } }, [1, 2], "At '[1]'"],
    [{ type: 'string', defaultValue: "[parameters('p')]" }, undefined, 'refers to itself'],
    [{ type: 'string', defaultValue: "[variables('v')]" }, undefined, 'variables are made after parameters'],
  ])('refuse with %j the value %j', (declaration, given, message) => {
    const tree = {
      type: 'object',
      properties: { v: { type: 'int' }, sub: { $ref: '#/definitions/tree', nullable: true } },
      additionalProperties: false,
    };
    const variants = (mapping: object) => ({ type: 'object', discriminator: { propertyName: 'kind', mapping } });
    const square = { type: 'object', properties: { kind: { type: 'string' }, side: { type: 'int' } } };
    const dot = { type: 'object', properties: { kind: { type: 'string' } }, sealed: true };
    const shape = variants({ square, dot });
    const round = variants({ round: { $ref: '#/definitions/round' } });
    const definitions = {
      shape,
      round,
      tree,
      self: { $ref: '#/definitions/self' },
      short: { type: 'string', maxLength: 2 },
    };
    const document = template({ definitions, parameters: { p: declaration }, variables: { v: 'x' } });
    const error = refused(document, { parameters: given === undefined ? {} : { p: given } });
    expect(error.details).toHaveLength(1);
    expect(error.message).toContain(message);
    expect(error.target).toContain('parameters.p');
  });
});

describe('variables and functions of the template', () => {
  it('may use each other in any order, loops, and functions with their own parameters', () => {
    const parts = {
      functions: [
        {
          namespace: 'my',
          members: {
            name: {
              parameters: [{ name: 'base', type: 'string' }],
              output: { type: 'string', value: "[concat(parameters('base'), '-1')]" },
            },
          },
        },
      ],
      variables: {
        all: "[concat(variables('names'), variables('inner').list)]",
        copy: [{ name: 'names', count: 2, input: "[my.name(string(copyIndex('names', 1)))]" }],
        inner: { copy: [{ name: 'list', count: '[length(createArray(1, 2))]', input: { i: "[copyIndex('list')]" } }] },
      },
    };
    expect(valueOfExpression("variables('ALL')", parts)).toEqual(['1-1', '2-1', { i: 0 }, { i: 1 }]);
  });

  it('are refused when they go in circles, or see what they must not', () => {
    const error = refused(
      template({
        functions: [{ namespace: 'f', members: { a: { output: { type: 'string', value: "[variables('a')]" } } } }],
        variables: {
          a: "[variables('b')]",
          b: "[variables('a')]",
          state: "[reference('x')]",
          own: '[f.a()]',
          count: '[f.a(1)]',
          copy: [{ name: 'many', count: 801, input: 1 }, { count: 1 }],
        },
      }),
    );
    expect(error.details.map(({ target, message }) => [target, message.replace(/^.*position \d+: /, '')])).toEqual([
      [
        'variables.copy[1]',
        "The template variable 'copy' is not valid: A loop of variables needs `name`, `count` and `input`.",
      ],
      ['variables.b', "The template variable 'a' refers to itself."],
      ['variables.state', expect.stringContaining('in the properties of a resource and in outputs only')],
      ['functions[0].members.a.output.value', expect.stringContaining('it sees its parameters only')],
      ['variables.count', expect.stringContaining('it takes 0 argument(s), and there are 1')],
      ['variables.copy[0].count', expect.stringContaining('between 0 and 800')],
    ]);
  });
});
