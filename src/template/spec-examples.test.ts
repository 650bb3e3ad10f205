import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { isObject } from './names.ts';
import { problems } from './outcome.fixture.ts';
import { parseTemplate } from './parse.ts';
import { renderTemplate } from './render.ts';
import { isApiVersion, isAtLeast } from './versions.ts';

const FOLDER = new URL('../../tests/spec-examples/', import.meta.url);
const SUBSCRIPTION = '00000000-0000-0000-0000-000000000000';

const examples = readdirSync(FOLDER, { withFileTypes: true })
  .filter(entry => entry.isDirectory())
  .flatMap(({ name: version }) =>
    readdirSync(new URL(`${version}/`, FOLDER))
      .filter(file => file.startsWith('Create'))
      .map(file => ({ version, file, name: `${version} ${file}` })),
  );

function bodyOf(version: string, file: string): object {
  const value: unknown = JSON.parse(readFileSync(new URL(`${version}/${file}`, FOLDER), 'utf8'));
  if (!isObject(value)) throw new Error(`${file} is not an object`);
  return { apiVersion: version, ...value };
}

// What is wrong with the examples themselves:
// - `{subscription-id}` stands where a subscription's id has to be;
// - `1_location` is no region;
// - the two oldest versions' have `tags` in a distributor, which their own description does not define;
// - the Windows examples' update filter has neither `include:` nor `exclude:`.
describe.each(examples)('$name', ({ version, file }) => {
  const body = bodyOf(version, file);
  const filled = JSON.stringify(body)
    .replaceAll('{subscription-id}', SUBSCRIPTION)
    .replaceAll('1_location', 'West US 2');
  if (!isApiVersion(version)) throw new Error(`${version} is no API version`);

  it('has only the problems that it is known for', () => {
    const withNetwork = isAtLeast(version, '2020-02-14');
    expect(
      problems(body)
        .filter(one => !one.startsWith('UnknownField') && !one.startsWith('Filter'))
        .sort(),
    ).toEqual([
      'BadValue properties.distribute[0].location',
      'Placeholder properties.distribute[0].imageId',
      ...(withNetwork ? ['Placeholder properties.vmProfile.vnetConfig.subnetId'] : []),
    ]);
    const warnings = parseTemplate(filled, { file }).warnings.map(one => `${one.code} ${one.target}`);
    expect(warnings).toEqual([
      ...(isAtLeast(version, '2019-05-01-preview') ? [] : ['UnknownField properties.distribute[0].tags']),
      ...(file.includes('Windows') ? ['FilterWithoutVerb properties.customize[7].filters[0]'] : []),
    ]);
  });

  it('can be written back, and means the same then', () => {
    const { template } = parseTemplate(filled, { file });
    const { resource, lost } = renderTemplate(template, version);
    expect(lost).toEqual([]);
    expect(resource).toMatchObject({ apiVersion: version });
    expect(parseTemplate(JSON.stringify(resource)).template).toEqual(template);
  });
});

it('there are examples of every version', () => {
  expect(examples.length).toBe(18);
  expect(new Set(examples.map(one => one.version)).size).toBe(10);
});
