import { expect, test } from 'vitest';
import { type DeclaredDefinition, declareDefinition, declareGallery } from './declare.ts';
import { DEFINITION_ID, LINUX_V2, publishingFixture } from './publishing.fixture.ts';
import { parseGalleryImageId } from './resource-id.ts';

const id = parseGalleryImageId(DEFINITION_ID);
const options = { strict: false, location: 'West US', tags: { team: 'web' }, emit: () => undefined };
const declared: DeclaredDefinition = {
  ...{ id, os: 'Linux', osState: 'Generalized', generation: 'V2', plan: undefined },
  features: [{ name: 'SecurityType', value: 'TrustedLaunchSupported' }],
};

test('a declared definition takes the images that it is for, and no others', async () => {
  await using fixture = await publishingFixture();
  const { store } = fixture;
  await declareGallery(store, id, options);
  await declareDefinition(store, declared, options);
  expect(await store.db.selectFrom('image_definitions').select(['location', 'tags']).execute()).toEqual([
    { location: 'westus', tags: '{"team":"web"}' },
  ]);
  await fixture.version({ kind: { ...LINUX_V2, securityType: 'TrustedLaunchSupported' }, strict: true });
  const other = fixture.version({ kind: { ...LINUX_V2, securityType: 'Standard' } });
  await expect(other).rejects.toMatchObject({ code: 'ImageDefinitionMismatch' });
});

test('declaring again changes tags and nothing else', async () => {
  await using fixture = await publishingFixture();
  const { store } = fixture;
  await declareDefinition(store, declared, options);
  await declareDefinition(store, declared, { ...options, tags: { team: 'db' } });
  await declareGallery(store, id, { ...options, tags: { team: 'db' } });
  for (const change of [
    { generation: 'V1' },
    { os: 'Windows' },
    { osState: 'Specialized' },
    { features: [] },
    { plan: { name: 'a', product: 'b', publisher: 'c' } },
  ] as const) {
    await expect(declareDefinition(store, { ...declared, ...change }, options)).rejects.toMatchObject({
      code: 'PropertyChangeNotAllowed',
      message: expect.stringMatching(/^Changing property '\w+' is not allowed\./),
    });
  }
  for (const table of ['galleries', 'image_definitions'] as const) {
    expect(await store.db.selectFrom(table).select('tags').execute()).toEqual([{ tags: '{"team":"db"}' }]);
  }
});

test('with strict, what a declared resource lies in must be there', async () => {
  await using fixture = await publishingFixture();
  const { store } = fixture;
  const strict = { ...options, strict: true };
  await expect(declareGallery(store, id, strict)).rejects.toMatchObject({ code: 'ResourceGroupMissing' });
  await fixture.managedImage();
  await expect(declareDefinition(store, declared, strict)).rejects.toMatchObject({ code: 'GalleryMissing' });
  await declareGallery(store, id, strict);
  await declareDefinition(store, declared, strict);
});
