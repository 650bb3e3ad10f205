import { expect, test } from 'vitest';
import { type DeclaredDefinition, declareDefinition, declareGallery } from './declare.ts';
import { findArmResource } from './find-resource.ts';
import { DEFINITION_ID, LINUX_V2, publishingFixture } from './publishing.fixture.ts';
import { parseGalleryImageId } from './resource-id.ts';

const id = parseGalleryImageId(DEFINITION_ID);
const options = { strict: false, emit: () => undefined };
const gallery = { id, location: 'West US', tags: { team: 'web' } };
const declared: DeclaredDefinition = {
  ...gallery,
  ...({ os: 'Linux', osState: 'Generalized', generation: 'V2', architecture: 'x64', plan: undefined } as const),
  identifier: { publisher: 'Site', offer: 'web', sku: '12' },
  features: [{ name: 'SecurityType', value: 'TrustedLaunchSupported' }],
  details: {},
};

test('a declared definition takes the images that it is for, and no others', async () => {
  await using fixture = await publishingFixture();
  const { store } = fixture;
  await declareGallery(store, gallery, options);
  await declareDefinition(store, declared, options);
  expect(await store.db.selectFrom('image_definitions').select(['location', 'tags']).execute()).toEqual([
    { location: 'westus', tags: '{"team":"web"}' },
  ]);
  await fixture.version({ kind: { ...LINUX_V2, securityType: 'TrustedLaunchSupported' }, strict: true });
  const other = fixture.version({ kind: { ...LINUX_V2, securityType: 'Standard' } });
  await expect(other).rejects.toMatchObject({ code: 'ImageDefinitionMismatch' });
});

test('nothing is built here for a definition of another architecture', async () => {
  await using fixture = await publishingFixture();
  await declareDefinition(fixture.store, { ...declared, features: [], architecture: 'Arm64' }, options);
  await expect(fixture.version()).rejects.toMatchObject({
    code: 'ImageDefinitionMismatch',
    message: expect.stringContaining('is for Arm64 images; this image is x64'),
  });
});

test('declaring again changes tags and details and nothing else', async () => {
  await using fixture = await publishingFixture();
  const { store } = fixture;
  await declareDefinition(store, declared, options);
  const tags = { team: 'db' };
  const details = { description: 'for databases', recommended: { memory: { min: 4 } } };
  await declareDefinition(store, { ...declared, tags, details }, options);
  await declareGallery(store, { ...gallery, tags, description: 'all of them' }, options);
  for (const change of [
    { generation: 'V1' },
    { os: 'Windows' },
    { osState: 'Specialized' },
    { architecture: 'Arm64' },
    { features: [] },
    { identifier: { ...declared.identifier, sku: '13' } },
    { plan: { name: 'a', product: 'b', publisher: 'c' } },
  ] as const) {
    await expect(declareDefinition(store, { ...declared, ...change }, options)).rejects.toMatchObject({
      code: 'PropertyChangeNotAllowed',
      message: expect.stringMatching(/^Changing property '\w+' is not allowed\./),
    });
  }
  expect(await findArmResource(store.db, DEFINITION_ID)).toMatchObject({ tags, properties: details });
  const galleryId = DEFINITION_ID.replace('/images/web', '');
  expect(await findArmResource(store.db, galleryId)).toMatchObject({
    tags,
    properties: { description: 'all of them' },
  });
});

test('a definition that an image has made takes the first identifier that is declared', async () => {
  await using fixture = await publishingFixture();
  const { store } = fixture;
  await fixture.version();
  const own = { publisher: 'site', offer: 'web', sku: 'V2' };
  expect(await findArmResource(store.db, DEFINITION_ID)).toMatchObject({ properties: { identifier: own } });
  await declareDefinition(store, { ...declared, features: [] }, options);
  const { identifier } = declared;
  expect(await findArmResource(store.db, DEFINITION_ID)).toMatchObject({ properties: { identifier } });
});

test('with strict, what a declared resource lies in must be there', async () => {
  await using fixture = await publishingFixture();
  const { store } = fixture;
  const strict = { ...options, strict: true };
  await expect(declareGallery(store, gallery, strict)).rejects.toMatchObject({ code: 'ResourceGroupMissing' });
  await fixture.managedImage();
  await expect(declareDefinition(store, declared, strict)).rejects.toMatchObject({ code: 'GalleryMissing' });
  await declareGallery(store, gallery, strict);
  await declareDefinition(store, declared, strict);
});
