import { describe, expect, it } from 'vitest';
import { GROUP, refused, SUBSCRIPTION, template, valueOfExpression } from '../deployment.fixture.ts';
import { FUNCTION_NAMES } from './registry.ts';

/** Values that Microsoft publishes: Azure/bicep, src/Bicep.Core.Samples/Files/baselines_bicepparam/Expressions. */
const PUBLISHED: readonly [expression: string, value: unknown][] = [
  ['array(createArray())', []],
  ["base64ToString(base64('abc'))", 'abc'],
  [`base64ToJson(base64('{"hi": "there"}')).hi`, 'there'],
  ['bool(true())', true],
  ["concat(createArray('abc'), createArray('def'))", ['abc', 'def']],
  ["contains('foo/bar', '/')", true],
  ["dataUriToString(dataUri('abc'))", 'abc'],
  ["dateTimeAdd(dateTimeFromEpoch(1680224438), 'P1D')", '2023-04-01T01:00:38Z'],
  ['dateTimeToEpoch(dateTimeFromEpoch(1680224438))', 1680224438],
  ['empty(createArray())', true],
  ["endsWith('foo', 'o')", true],
  ["filter(createArray(1, 2), lambda('i', less(lambdaVariables('i'), 2)))", [1]],
  ['first(createArray(124, 25))', 124],
  ["flatten(createArray(createArray('abc'), createArray('def')))", ['abc', 'def']],
  ["format('->{0}<-', 123)", '->123<-'],
  ["guid('asdf')", '228d27cc-6fdb-5934-b7ac-1efccebade04'],
  ["indexOf('abc', 'b')", 1],
  ['int(123)', 123],
  ['intersection(createArray(1, 2, 3), createArray(2, 3, 4))', [2, 3]],
  [
    "items(createObject('foo', 'abc', 'bar', 123))",
    [
      { key: 'bar', value: 123 },
      { key: 'foo', value: 'abc' },
    ],
  ],
  ["join(createArray('abc', 'def', 'ghi'), '/')", 'abc/def/ghi'],
  ['last(createArray(1, 2))', 2],
  ["lastIndexOf('abcba', 'b')", 3],
  ['length(createArray(0, 1, 2))', 3],
  ["map(range(0, 3), lambda('i', format('Hi {0}!', lambdaVariables('i'))))", ['Hi 0!', 'Hi 1!', 'Hi 2!']],
  ['max(1, 2, 3)', 3],
  ['min(1, 2, 3)', 1],
  ['padLeft(13, 5)', '   13'],
  [
    "reduce(createArray('a', 'b', 'c'), '', lambda('a', 'b', format('{0}-{1}', lambdaVariables('a'), lambdaVariables('b'))))",
    '-a-b-c',
  ],
  ["replace('abc', 'b', '/')", 'a/c'],
  ['skip(createArray(1, 2, 3), 1)', [2, 3]],
  [
    "sort(createArray('c', 'd', 'a'), lambda('a', 'b', less(lambdaVariables('a'), lambdaVariables('b'))))",
    ['a', 'c', 'd'],
  ],
  ["split('a/b/c', '/')", ['a', 'b', 'c']],
  ["startsWith('abc', 'a')", true],
  ["string('asdf')", 'asdf'],
  ["substring('asdfasf', 3)", 'fasf'],
  ['take(createArray(1, 2, 3), 2)', [1, 2]],
  ["toLower('AiKInIniIN')", 'aikininiin'],
  [
    "toObject(createArray('a', 'b'), lambda('x', lambdaVariables('x')), lambda('x', format('Hi {0}!', lambdaVariables('x'))))",
    { a: 'Hi a!', b: 'Hi b!' },
  ],
  ["toUpper('AiKInIniIN')", 'AIKININIIN'],
  ["trim('  adf asdf  ')", 'adf asdf'],
  ["union(createObject('abc', 'def'), createObject('def', 'ghi'))", { abc: 'def', def: 'ghi' }],
  ["uniqueString('asd', 'asdf', 'asdf')", 'iizpqit7ih3cc'],
  ["uri('https://github.com', 'Azure/bicep')", 'https://github.com/Azure/bicep'],
  ["uriComponent('UB*8h 0+=_)9h9n')", 'UB%2A8h%200%2B%3D_%299h9n'],
  ["uriComponentToString('%20%25%20')", ' % '],
];

const MORE: readonly [expression: string, value: unknown][] = [
  // What is not chosen is not evaluated.
  ["if(true(), 'a', int('x'))", 'a'],
  ["or(equals(1, 1), contains(int('x'), 1))", true],
  ['and(not(false()), xor(true(), false()))', true],
  ['coalesce(null(), null(), 3)', 3],
  ["bool('False')", false],
  ["equals(createObject('a', 1, 'b', 2), createObject('b', 2, 'a', 1))", true],
  ["equals('a', 'A')", false],
  ["contains(createObject('Name', 1), 'name')", true],
  ["contains(createArray('a', 'b'), 'B')", false],
  ['contains(createArray(createArray(1)), createArray(1))', true],
  ["string(createObject('a', true()))", '{"a":true}'],
  ["concat('a', true(), 3)", 'aTrue3'],
  ["format('{0:D3}|{1,5}|{2,-5}|{0:N2}|{{}}|{0:X4}|{0:000}', 26, 'x', 'y')", '026|    x|y    |26.00|{}|001A|026'],
  ["format('{0:N0} {1:F1}', 1234567, float('2.25'))", '1,234,567 2.3'],
  ["padLeft('7', 3, '0')", '007'],
  ["split('a,b;c', createArray(',', ';'))", ['a', 'b', 'c']],
  ["startsWith('ABC', 'b')", false],
  ["startsWith('ABC', 'aB')", true],
  ['div(7, 2)', 3],
  ['mod(-7, 2)', -1],
  ['sub(mul(3, 4), add(5, 6))', 1],
  ['float(3)', 3],
  ['greaterOrEquals(2, 2)', true],
  ["greater('b', 'a')", true],
  ['lessOrEquals(3, 2)', false],
  ['max(createArray(0, 3, 2))', 3],
  ["last('abc')", 'c'],
  ["first('')", ''],
  ["take('abc', 2)", 'ab'],
  ["skip('abc', 5)", ''],
  ["length(createObject('a', 1))", 1],
  ['range(3, 2)', [3, 4]],
  ["json('null')", null],
  [`json('{"a": [1, 2.5]}')`, { a: [1, 2.5] }],
  // The documentation's own example has single quotes inside.
  ["base64ToJson(base64('{''one'': ''a'', ''two'': ''b''}'))", { one: 'a', two: 'b' }],
  ["dataUri('Hello')", 'data:text/plain;charset=utf8;base64,SGVsbG8='],
  ["dataUriToString('data:,a%20b')", 'a b'],
  [
    "uri('http://contoso.com/resources/', 'nested/azuredeploy.json')",
    'http://contoso.com/resources/nested/azuredeploy.json',
  ],
  [
    "union(createObject('a', createObject('x', 1, 'y', 2), 'l', createArray(1)), createObject('A', createObject('y', 3), 'l', createArray(2)))",
    { a: { x: 1, y: 3 }, l: [2] },
  ],
  ["union(createArray('a', 'b'), createArray('b', 'c'))", ['a', 'b', 'c']],
  ["intersection(createObject('a', 1, 'b', 2), createObject('b', 2, 'a', 3))", { b: 2 }],
  ["objectKeys(createObject('b', 1, 'a', 2))", ['b', 'a']],
  ["shallowMerge(createArray(createObject('a', 1), createObject('a', 2, 'b', 3)))", { a: 2, b: 3 }],
  ["tryGet(createObject('a', createArray(1, 2)), 'A', 1)", 2],
  ["tryGet(createObject('a', 1), 'b', 'c')", null],
  ["groupBy(createArray('aa', 'b', 'ab'), lambda('x', first(lambdaVariables('x'))))", { a: ['aa', 'ab'], b: ['b'] }],
  ["mapValues(createObject('a', 1), lambda('v', add(lambdaVariables('v'), 1)))", { a: 2 }],
  ["map(createArray('a'), lambda('x', 'i', concat(lambdaVariables('x'), lambdaVariables('I'))))", ['a0']],
  ["createObject('__proto__', 1)['__proto__']", 1],
  ["createObject('a', null()).?a.?b.c", null],
  ["createObject('a', 1).?b.c[0]", null],
  ['createArray(1)[?5]', null],
  ["dateTimeAdd('2020-04-07 14:53:14Z', 'P3Y', 'u')", '2023-04-07 14:53:14Z'],
  ["dateTimeAdd('2020-01-31T00:00:00Z', 'P1M')", '2020-02-29T00:00:00Z'],
  ["dateTimeAdd('20200101T000000Z', '-PT1H', 'yyyy/M/d HH')", '2019/12/31 23'],
  ["dateTimeAdd(dateTimeFromEpoch(0), 'P0D', 'D')", 'Thursday, 01 January 1970'],
  ["dateTimeToEpoch('2020-04-07T14:53:14.5+02:00')", 1586263994],
  [
    "resourceId('Microsoft.Compute/galleries/images', 'g', 'i')",
    `${GROUP}/providers/Microsoft.Compute/galleries/g/images/i`,
  ],
  [
    "resourceId('other', 'Microsoft.Compute/images', 'i')",
    `/subscriptions/${SUBSCRIPTION}/resourceGroups/other/providers/Microsoft.Compute/images/i`,
  ],
  [
    "resourceId('00000000-0000-0000-0000-000000000001', 'other', 'Microsoft.Compute/images', 'i')",
    '/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/other/providers/Microsoft.Compute/images/i',
  ],
  [
    "subscriptionResourceId('Microsoft.Authorization/roleDefinitions', 'r')",
    `/subscriptions/${SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/r`,
  ],
  ["tenantResourceId('Microsoft.A/b', 'c')", '/providers/Microsoft.A/b/c'],
  ["extensionResourceId(resourceGroup().id, 'Microsoft.A/b', 'c')", `${GROUP}/providers/Microsoft.A/b/c`],
  ['resourceGroup().location', 'westus2'],
  ['RESOURCEGROUP().Tags.OWNER', 'team'],
  ['subscription().subscriptionId', SUBSCRIPTION],
  ['subscription().id', `/subscriptions/${SUBSCRIPTION}`],
  ['tenant().tenantId', 'e0ad1b7e-3f53-4f0f-9d57-6f6f8d1e2c22'],
  ['deployment().name', 'main'],
  ['deployment().properties.template.contentVersion', '1.0.0.0'],
  ['environment().suffixes.storage', 'core.windows.net'],
];

const REFUSED: readonly [expression: string, message: string][] = [
  ["concat('a', createArray())", "argument 2 is of type 'Array'"],
  ['toLower(1)', "argument 1 is of type 'Integer', and 'String' is expected"],
  ["substring('abc', 2, 5)", 'within the text, which has 3 characters'],
  ["createObject('a', 1).b", "property 'b' doesn't exist, available properties are 'a'"],
  ['createArray(1)[1]', "array index '1' is out of bounds"],
  ["first('a').b", "the value before it is of type 'String'"],
  ['div(1, 0)', 'argument 2 is zero'],
  ['mul(9007199254740991, 2)', 'larger than the integers'],
  ["format('{1}', 'a')", "refers to '{1}'"],
  ["format('{0:Q9}', 1)", "number format 'Q9'"],
  ["int('1.5')", 'is no integer'],
  ["json('{')", 'is not JSON'],
  ["bool('maybe')", "neither 'true' nor 'false'"],
  ['concat()', 'it takes 1 or more argument(s), and there are 0'],
  ['range(0, 10001)', 'between 0 and 10000'],
  ["resourceId('Microsoft.Compute/galleries/images', 'g')", 'requires 2 resource name argument(s)'],
  ["resourceId('images', 'g')", 'a resource type'],
  ['utcNow()', 'default values of parameters only'],
  ['newGuid()', 'default values of parameters only'],
  ['copyIndex()', 'in no copy loop'],
  ["lambda('a', 1)", 'only where a function takes a lambda'],
  ["lambdaVariables('a')", "has a variable 'a'"],
  ["listKeys('a', '2020-01-01')", 'for keys or secrets'],
  ["pickZones('a', 'b', 'c')", 'no availability zones'],
  ['managementGroup()', 'no management groups'],
  ['nonsense()', "The template function 'nonsense' is not valid"],
  ["dateTimeAdd('today', 'P1D')", 'is no date'],
  ["dateTimeAdd('2020-01-01', '1D')", 'is no duration'],
  ["dateTimeAdd('2020-01-01', 'P9999Y')", 'there is no such date'],
  ["base64ToString('a')", 'is not base64'],
];

describe('functions', () => {
  it.each(PUBLISHED)('give what Microsoft publishes: %s', (expression, value) => {
    expect(valueOfExpression(expression)).toEqual(value);
  });

  it.each(MORE)('give what is documented: %s', (expression, value) => {
    expect(valueOfExpression(expression)).toEqual(value);
  });

  it.each(REFUSED)('refuse what makes no sense: %s', (expression, message) => {
    const error = refused(template({ outputs: { o: { type: 'string', value: `[${expression}]` } } }));
    expect(error.message).toContain(message);
    expect(error.target).toBe('outputs.o.value');
  });

  it('are all tried here, or where what they read is', () => {
    const elsewhere = ['parameters', 'variables', 'reference', 'copyIndex', 'utcNow', 'newGuid'];
    const tried = [...PUBLISHED, ...MORE].map(([expression]) => expression.toLowerCase()).join(' ');
    const missing = FUNCTION_NAMES.filter(name => !new RegExp(`(?<![a-z])${name}\\(`, 'i').test(tried));
    expect(missing.sort()).toEqual(elsewhere.sort());
  });
});
