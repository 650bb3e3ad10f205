import { expect, test } from 'vitest';
import { declareDefinition, declareGallery } from './declare.ts';
import { findArmResource } from './find-resource.ts';
import { DEFINITION_ID, IMAGE_ID, publishingFixture } from './publishing.fixture.ts';
import { parseGalleryImageId } from './resource-id.ts';

const GROUP_ID = '/subscriptions/s1/resourceGroups/rg';
const GALLERY_ID = `${GROUP_ID}/providers/Microsoft.Compute/galleries/site`;
const VERSION_ID = `${DEFINITION_ID}/versions/0.0.1`;

test('what is published is shown in the shape of Resource Manager, whatever the case of the id', async () => {
  await using fixture = await publishingFixture();
  const { db } = fixture.store;
  await fixture.version({ regions: ['westus', 'local'], dataDisks: { 1: 'data' }, excludeFromLatest: true });
  await fixture.managedImage({ dataDisks: { 0: 'data' } });
  const disks = { osDiskImage: { sizeInGB: 1 }, dataDiskImages: [{ lun: 1, sizeInGB: 3 }] };
  const common = { location: 'local', tags: {} };
  const succeeded = { provisioningState: 'Succeeded' };
  const found = {
    [GROUP_ID]: { name: 'rg', type: 'Microsoft.Resources/resourceGroups', ...common, properties: succeeded },
    [GALLERY_ID]: {
      ...{ name: 'site', type: 'Microsoft.Compute/galleries', ...common },
      properties: { identifier: { uniqueName: 's1-SITE' }, ...succeeded },
    },
    [DEFINITION_ID]: {
      ...{ name: 'web', type: 'Microsoft.Compute/galleries/images', ...common },
      properties: {
        ...{ osType: 'Linux', osState: 'Generalized', hyperVGeneration: 'V2', architecture: 'x64' },
        ...{ identifier: { publisher: 'site', offer: 'web', sku: 'V2' }, ...succeeded },
      },
    },
    [VERSION_ID]: {
      ...{
        name: '0.0.1',
        type: 'Microsoft.Compute/galleries/images/versions',
        location: 'local',
        tags: { team: 'web' },
      },
      properties: {
        publishingProfile: {
          targetRegions: ['westus', 'local'].map(name => ({
            ...{ name, regionalReplicaCount: 1, storageAccountType: 'Standard_LRS', excludeFromLatest: true },
          })),
          ...{ replicaCount: 1, excludeFromLatest: true, publishedDate: expect.stringMatching(/^\d{4}-.*Z$/) },
          ...{ storageAccountType: 'Standard_LRS', replicationMode: 'Full' },
        },
        storageProfile: disks,
        ...succeeded,
      },
    },
    [IMAGE_ID]: {
      ...{ name: 'web', type: 'Microsoft.Compute/images', location: 'local', tags: { team: 'web' } },
      properties: {
        storageProfile: {
          osDisk: { osType: 'Linux', osState: 'Generalized', diskSizeGB: 1 },
          dataDisks: [{ lun: 0, diskSizeGB: 3 }],
          zoneResilient: false,
        },
        ...{ hyperVGeneration: 'V2', ...succeeded },
      },
    },
  };
  for (const [id, shown] of Object.entries(found)) {
    for (const written of [id, id.toUpperCase(), `${id.replace('/resourceGroups', '//resourcegroups')}/`]) {
      expect(await findArmResource(db, written), written).toEqual({ id, ...shown });
    }
  }
  const expanded = await findArmResource(db, VERSION_ID, { expand: 'ReplicationStatus' });
  expect(expanded?.properties['replicationStatus']).toMatchObject({
    aggregatedState: 'Completed',
    summary: [{ region: 'westus', state: 'Completed', progress: 100 }, { region: 'local' }],
  });
});

test('an older API version does not show what came later', async () => {
  await using fixture = await publishingFixture();
  const { store } = fixture;
  await fixture.version({ kind: { os: 'Linux', generation: 'V2', securityType: 'TrustedLaunchSupported' } });
  await fixture.managedImage();
  const members = async (id: string, apiVersion: string) =>
    Object.keys((await findArmResource(store.db, id, { apiVersion }))?.properties ?? {}).sort();
  const first = ['identifier', 'osState', 'osType', 'provisioningState'];
  for (const [apiVersion, more] of [
    ['2018-06-01', []],
    ['2019-07-01', ['hyperVGeneration']],
    ['2020-09-30-preview', ['hyperVGeneration', 'features']],
    ['2021-10-01', ['hyperVGeneration', 'features', 'architecture']],
  ] as const) {
    expect(await members(DEFINITION_ID, apiVersion), apiVersion).toEqual([...first, ...more].sort());
  }
  const old = await findArmResource(store.db, VERSION_ID, { apiVersion: '2018-06-01' });
  expect(old?.properties['publishingProfile']).toEqual({
    targetRegions: [{ name: 'local', regionalReplicaCount: 1 }],
    ...{ replicaCount: 1, excludeFromLatest: false, publishedDate: expect.any(String) },
  });
  expect(await members(IMAGE_ID, '2016-04-30-preview')).toEqual(['provisioningState', 'storageProfile']);
});

test('all that is declared comes back', async () => {
  await using fixture = await publishingFixture();
  const { store } = fixture;
  const id = parseGalleryImageId(DEFINITION_ID);
  const declared = { id, location: 'West US', tags: { team: 'db' } };
  const details = {
    ...{ description: 'a web server', eula: 'https://example.org/eula', releaseNoteUri: 'https://example.org/news' },
    ...{ privacyStatementUri: 'https://example.org/privacy', endOfLifeDate: '2030-01-01T00:00:00Z' },
    recommended: { vCPUs: { min: 1, max: 8 }, memory: { min: 4 } },
    disallowed: { diskTypes: ['Standard_LRS'] },
  };
  const plan = { name: 'a', product: 'b', publisher: 'c' };
  const identifier = { publisher: 'Site', offer: 'web', sku: '12' };
  const features = [{ name: 'SecurityType', value: 'TrustedLaunch' }];
  const options = { strict: false, emit: () => undefined };
  await declareGallery(store, { ...declared, description: 'all of them' }, options);
  await declareDefinition(
    store,
    {
      ...{ ...declared, os: 'Windows', osState: 'Specialized', generation: 'V1', architecture: 'Arm64' },
      ...{ identifier, features, plan, details },
    },
    options,
  );
  expect(await findArmResource(store.db, GALLERY_ID)).toMatchObject({
    ...{ location: 'westus', tags: { team: 'db' }, properties: { description: 'all of them' } },
  });
  expect((await findArmResource(store.db, DEFINITION_ID))?.properties).toEqual({
    ...{ ...details, osType: 'Windows', osState: 'Specialized', hyperVGeneration: 'V1', architecture: 'Arm64' },
    ...{ identifier, features, purchasePlan: plan, provisioningState: 'Succeeded' },
  });
});

test('what there is not is not found', async () => {
  await using fixture = await publishingFixture();
  const { db } = fixture.store;
  await fixture.version();
  for (const id of [
    ...['', '/', 'x', '/subscriptions/s1', `${GROUP_ID}2`, `${GALLERY_ID}2`, `${DEFINITION_ID}/versions/0.0.2`],
    ...[IMAGE_ID, `${DEFINITION_ID}/versions/latest`, `${DEFINITION_ID}/versions`, `${GALLERY_ID}/images/web/x/y`],
    GALLERY_ID.replace('Microsoft.Compute', 'Microsoft.Other'),
  ]) {
    expect(await findArmResource(db, id), id).toBeUndefined();
  }
});
