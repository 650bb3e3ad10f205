import { expect, test } from 'vitest';
import { KilnError } from '../errors/kiln-error.ts';
import { parseTemplate } from './parse.ts';
import { fillPlaceholders, type PlaceholderDefaults } from './placeholders.ts';

const defaults: PlaceholderDefaults = {
  subscription: '00000000-0000-0000-0000-000000000000',
  resourceGroup: 'kiln',
  gallery: 'kiln',
  imageDefinition: 'web',
  location: 'local',
  otherLocation: 'westus2',
  name: 'hello',
  others: { scripturi: 'https://example.com/a.sh' },
};

test.each([
  ['<subscriptionID>', defaults.subscription],
  ['<subscriptionId>', defaults.subscription],
  ['<rgName>', 'kiln'],
  ['<resourceGroup>', 'kiln'],
  ['<resourceGroupName>', 'kiln'],
  ['<sharedImageGalName>', 'kiln'],
  ['<sharedImageGalleryName>', 'kiln'],
  ['<imageDefName>', 'web'],
  ['<imageDefinitionName>', 'web'],
  ['<region>', 'local'],
  ['<Region1>', 'local'],
  ['<region2>', 'westus2'],
  ['<subid>', defaults.subscription],
  ['<subcriptionID>', defaults.subscription],
  ['<identityResourceGroup>', 'kiln'],
  ['<acgName>', 'kiln'],
  ['<imggalname>', 'kiln'],
  ['<imageName>', 'hello'],
  ['<runOutputName>', 'hello'],
  ['<imgTemplateName>', 'hello'],
  ['<imageVersion>', '1.0.0'],
  ['<managedIdentity>', 'image-builder'],
  ['<scriptUri>', 'https://example.com/a.sh'],
  // Its end was forgotten.
  ['<region1', 'local'],
])('%s is known', (placeholder, value) => {
  expect(fillPlaceholders(placeholder, defaults)).toEqual({ text: value, filled: [[placeholder, value]] });
});

test.each([
  '<srcImageName>',
  '<script>',
  '<name>',
  '<imgBuilder>',
  '<rg2>',
  '<constructor>',
  'a < b > c',
  'a <region1',
  '<region1 of',
  '<srcImageName',
  '{subscriptionId}',
])('%s is left', text => {
  expect(fillPlaceholders(text, defaults)).toEqual({ text, filled: [] });
});

test('braces count in resource ids', () => {
  const { text } = fillPlaceholders('/subscriptions/{subscriptionId}/resourceGroups/{rgName}', defaults);
  expect(text).toBe(`/subscriptions/${defaults.subscription}/resourceGroups/kiln`);
});

test('a template with known placeholders parses, with a warning for each place', () => {
  const gallery = 'providers/Microsoft.Compute/galleries/<sharedImageGalName>/images/<imageDefName>';
  const document = {
    apiVersion: '2022-02-14',
    location: '<region>',
    identity: { type: 'UserAssigned', userAssignedIdentities: { '<imgBuilderId>': {} } },
    properties: {
      source: { type: 'PlatformImage', publisher: 'a', offer: 'b', sku: 'c', version: 'latest' },
      distribute: [
        {
          type: 'SharedImage',
          runOutputName: 'out',
          galleryImageId: `/subscriptions/<subscriptionID>/resourceGroups/<rgName>/${gallery}`,
          replicationRegions: ['<region>'],
        },
      ],
    },
  };
  const options = { file: 'web.json', placeholders: defaults };
  const { template, warnings } = parseTemplate(JSON.stringify(document), options);
  expect(template.location).toBe('local');
  expect(template.identities[0]).toMatch(/\/userAssignedIdentities\/image-builder$/);
  expect(template.distribute[0]).toMatchObject({
    galleryImageId: `/subscriptions/${defaults.subscription}/resourceGroups/kiln/providers/Microsoft.Compute/galleries/kiln/images/web`,
  });
  expect(warnings.map(({ code, target }) => [code, target])).toEqual([
    ['PlaceholderFilled', 'location'],
    ['PlaceholderFilled', 'identity.userAssignedIdentities["<imgBuilderId>"]'],
    ['PlaceholderFilled', 'properties.distribute[0].galleryImageId'],
    ['PlaceholderFilled', 'properties.distribute[0].replicationRegions[0]'],
  ]);
});

test('names are looked at, but for those of steps, which are free', () => {
  const galleryImageId = '/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/galleries/g/images/i';
  const target = { type: 'SharedImage', runOutputName: 'o', galleryImageId, targetRegions: [{ name: '<region>' }] };
  const { template } = parseTemplate(
    JSON.stringify({
      ...{ apiVersion: '2022-07-01', location: 'local', name: '<imageName>' },
      properties: {
        source: { type: 'PlatformImage', publisher: 'a', offer: 'b', sku: 'c', version: 'latest' },
        customize: [{ type: 'Shell', name: 'says <region>', inline: ['echo "<region>"'] }],
        distribute: [target],
      },
    }),
    { placeholders: defaults },
  );
  expect(template).toMatchObject({
    name: 'hello',
    customize: [{ name: 'says <region>', inline: ['echo "<region>"'] }],
    distribute: [{ targetRegions: [{ name: 'local' }] }],
  });
});

test('an unknown placeholder beside a known one is still an error', () => {
  const id =
    '/subscriptions/<subscriptionID>/resourceGroups/<rgName>/providers/Microsoft.Compute/images/<srcImageName>';
  const source = { type: 'ManagedImage', imageId: id };
  const text = JSON.stringify({ apiVersion: '2022-02-14', location: 'x', properties: { source } });
  const problems = problemsOf(() => parseTemplate(text, { placeholders: defaults }));
  expect(problems).toContainEqual(
    expect.objectContaining({ code: 'Placeholder', message: expect.stringMatching(/<srcImageName>.*`placeholders`/) }),
  );
});

function problemsOf(parse: () => unknown): readonly unknown[] {
  try {
    parse();
  } catch (error) {
    if (error instanceof KilnError) return error.details;
    throw error;
  }
  return [];
}
