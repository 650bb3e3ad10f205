import { expect, test } from 'vitest';
import type { Asked, LookUp } from '../../arm/deployments/existing-resources.ts';
import { parseSiteConfig } from '../../config/site-config.ts';
import type { ArmResource } from '../../galleries/arm-resource.ts';
import { declareGallery } from '../../galleries/declare.ts';
import { storeFixture } from '../../store/store.fixture.ts';
import { readDocument } from '../../template/parse.ts';
import { readDeployment } from './read-deployment.ts';
import { storeLookUp } from './store-look-up.ts';

const config = parseSiteConfig('', 'test');
const GALLERY = "resourceId('Microsoft.Compute/galleries', 'main')";

function deployment(parts: object, properties: object = {}): string {
  const template = { type: 'Microsoft.VirtualMachineImages/imageTemplates', apiVersion: '2024-02-01', name: 'web' };
  return JSON.stringify({
    $schema: 'https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#',
    contentVersion: '1.0.0.0',
    resources: [{ ...template, properties }],
    ...parts,
  });
}

function read(text: string, lookUp: LookUp) {
  const input = { parameters: {}, parametersFile: undefined, templateName: undefined };
  return readDeployment('/x.json', readDocument(text, { file: 'x.json' }), input, config, lookUp);
}

test('outputs tell of a resource as it is when they are asked for', async () => {
  await using fixture = await storeFixture();
  const { store } = fixture;
  const id = { subscription: config.subscription, resourceGroup: config.resourceGroup, gallery: 'main' };
  const declare = (description: string) =>
    declareGallery(store, { id, description, location: 'local', tags: {} }, { strict: false, emit: () => undefined });
  await declare('before');
  const value = `[reference(${GALLERY}, '2022-03-03').description]`;
  const { outputs } = await read(deployment({ outputs: { of: { type: 'string', value } } }), storeLookUp(store));
  await declare('after');
  expect(await outputs(store)).toEqual({ of: 'after' });
});

test('what is evaluated again has the same new GUIDs', async () => {
  const id = '/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/galleries';
  const asked: Asked[] = [];
  const lookUp: LookUp = async all => {
    asked.push(...all);
    return all.map((one): ArmResource => {
      return { id: one.id, name: 'x', type: 'x', location: 'local', tags: {}, properties: { next: `${one.id}-next` } };
    });
  };
  const first = `reference(concat('${id}/', parameters('fresh')), '2022-03-03').next`;
  const { resource } = await read(
    deployment(
      { parameters: { fresh: { type: 'string', defaultValue: '[newGuid()]' } } },
      { fresh: "[parameters('fresh')]", last: `[reference(${first}, '2022-03-03').next]` },
    ),
    lookUp,
  );
  const { fresh, last } = resource['properties'] as { readonly fresh: string; readonly last: string };
  expect(last).toBe(`${id}/${fresh}-next-next`);
  expect(asked.map(one => one.id)).toEqual([`${id}/${fresh}`, `${id}/${fresh}-next`]);
});
