import { stat } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import {
  DEFINITION_ID,
  IMAGE_ID,
  type PublishingFixture,
  publishingFixture,
} from '../../galleries/publishing.fixture.ts';
import { blobPath } from '../../store/blob-path.ts';
import { beginOperation } from '../../store/operations.ts';
import { insertResource } from '../../store/resources.ts';
import { type ProviderFixture, providerFixture } from '../provider.fixture.ts';
import { computeProvider } from './provider.ts';

const GROUP = '/subscriptions/s1/resourceGroups/rg';
const GALLERY = `${GROUP}/providers/Microsoft.Compute/galleries/site`;
const NEW = `${GALLERY}/images/made`;
const DEFINITION = {
  location: 'local',
  properties: {
    osType: 'Linux',
    osState: 'Generalized',
    hyperVGeneration: 'V2',
    identifier: { publisher: 'p', offer: 'o', sku: 's' },
  },
};
const VERSIONED = '?api-version=2023-07-03';

interface Fixture extends AsyncDisposable {
  readonly api: ProviderFixture;
  readonly publish: PublishingFixture;
}

/** A gallery `site` with the definition `web`, into which can be published as builds do. */
async function fixture(): Promise<Fixture> {
  const api = await providerFixture(services => [computeProvider(services)], {
    subscriptions: [
      { id: 's1', name: 'one' },
      { id: 's2', name: 'two' },
    ],
  });
  return { api, publish: await publishingFixture(api), [Symbol.asyncDispose]: () => api[Symbol.asyncDispose]() };
}

function version(source: string, profile: object = {}) {
  return { location: 'local', properties: { storageProfile: { source: { id: source } }, publishingProfile: profile } };
}

describe('galleries and definitions', () => {
  test('are made, changed, listed and removed from the inside outwards', async () => {
    await using all = await fixture();
    const { api, publish } = all;
    await publish.managedImage();
    const other = `${GROUP}/providers/Microsoft.Compute/galleries/Second.Gallery`;
    expect(
      await api.call('PUT', other, { location: 'Local', tags: { a: 'b' }, properties: { description: 'd' } }),
    ).toMatchObject({
      status: 201,
      body: {
        id: other,
        name: 'Second.Gallery',
        location: 'local',
        tags: { a: 'b' },
        properties: { provisioningState: 'Succeeded' },
      },
    });
    expect((await api.call('PUT', other.toLowerCase(), { location: 'local' })).body).toMatchObject({
      id: other,
      tags: {},
    });
    expect(await api.call('PATCH', other, { tags: { c: 'd' } })).toMatchObject({
      status: 200,
      body: { tags: { c: 'd' } },
    });
    expect((await api.call('PUT', `${other}/images/img`, DEFINITION)).status).toBe(201);
    expect((await api.call('GET', `${other}/images`)).body).toMatchObject({ value: [{ id: `${other}/images/img` }] });
    expect((await api.call('GET', '/subscriptions/s2/providers/Microsoft.Compute/galleries')).body).toEqual({
      value: [],
    });
    expect((await api.call('GET', '/subscriptions/s1/providers/Microsoft.Compute/galleries')).body).toMatchObject({
      value: [{ id: other }],
    });
    const { status, body } = await api.call('DELETE', other);
    expect([status, body]).toEqual([409, { error: expect.objectContaining({ code: 'CannotDeleteResource' }) }]);
    const gone = await Promise.all([`${other}/images/img`, `${other}/images/img`].map(id => api.call('DELETE', id)));
    expect(gone.map(answer => answer.status).sort()).toEqual([200, 204]);
    expect((await api.call('DELETE', other)).status).toBe(200);
    expect((await api.call('GET', other)).status).toBe(404);
  });

  test.each([
    ['another region', 'InvalidResourceLocation', { ...DEFINITION, location: 'westeurope' }],
    ['no region', 'LocationRequired', { properties: DEFINITION.properties }],
    ['an unknown region', 'LocationNotAvailableForResourceType', { ...DEFINITION, location: 'westeurpoe' }],
    [
      'another system',
      'PropertyChangeNotAllowed',
      { ...DEFINITION, properties: { ...DEFINITION.properties, osType: 'Windows' } },
    ],
    [
      'another identifier',
      'PropertyChangeNotAllowed',
      { ...DEFINITION, properties: { ...DEFINITION.properties, identifier: { publisher: 'p', offer: 'o', sku: 't' } } },
    ],
    ['no state', 'InvalidParameter', { ...DEFINITION, properties: { ...DEFINITION.properties, osState: undefined } }],
  ])('a definition is not changed to %s', async (_what, code, body) => {
    await using all = await fixture();
    const { api } = all;
    await all.publish.version();
    await api.call('PUT', NEW, DEFINITION);
    expect((await api.call('PUT', NEW, body)).body).toMatchObject({ error: { code } });
    const details = { endOfLifeDate: '2030-01-01T00:00:00Z', recommended: { vCPUs: { min: 1, max: 2 } } };
    expect((await api.call('PATCH', NEW, { properties: details })).body).toMatchObject({ properties: details });
  });

  test('two definitions of a gallery do not share publisher, offer and sku', async () => {
    await using all = await fixture();
    const { api } = all;
    await all.publish.version();
    await api.call('PUT', NEW, DEFINITION);
    expect(await api.call('PUT', `${GALLERY}/images/twin`, DEFINITION)).toMatchObject({
      status: 409,
      body: { error: { code: 'Conflict' } },
    });
    expect(await api.call('PUT', `${GALLERY}er/images/none`, DEFINITION)).toMatchObject({
      status: 404,
      body: { error: { code: 'ParentResourceNotFound' } },
    });
  });
});

describe('image versions', () => {
  test('one is made from a managed image, with its data disks, and replicated to a region that is added', async () => {
    await using all = await fixture();
    const { api, publish } = all;
    await publish.version();
    const image = await publish.managedImage({ text: 'image', dataDisks: { 2: 'data' } });
    await api.call('PUT', NEW, DEFINITION);
    const id = `${NEW}/versions/1.2.3`;
    const begun = await api.call(
      'PUT',
      `${id}${VERSIONED}`,
      version(IMAGE_ID.toLowerCase(), { endOfLifeDate: '2031-01-01T00:00:00Z' }),
    );
    expect(begun).toMatchObject({ status: 201, body: { id, properties: { provisioningState: 'Creating' } } });
    expect(begun.headers?.['Azure-AsyncOperation']).toContain(
      '/providers/Microsoft.Compute/locations/local/operations/',
    );
    await api.runner.done(new URL(begun.headers?.['Azure-AsyncOperation'] ?? '').pathname.split('/').at(-1) ?? '');
    expect((await api.call('GET', `${id}${VERSIONED}`)).body).toMatchObject({
      properties: {
        provisioningState: 'Succeeded',
        publishingProfile: { endOfLifeDate: '2031-01-01T00:00:00Z', targetRegions: [{ name: 'local' }] },
        storageProfile: { dataDiskImages: [{ lun: 2 }] },
      },
    });
    const regions = ['local', 'West Europe'].map(name => ({ name, regionalReplicaCount: 2 }));
    const update = { properties: { publishingProfile: { targetRegions: regions } } };
    expect(await api.finished('PATCH', id, update)).toMatchObject({ status: 200, body: { status: 'Succeeded' } });
    expect((await api.call('GET', `${id}?api-version=2022-03-03&$expand=ReplicationStatus`)).body).toMatchObject({
      properties: {
        replicationStatus: {
          aggregatedState: 'Completed',
          summary: [{ region: 'local' }, { region: 'westeurope', state: 'Completed', progress: 100 }],
        },
      },
    });
    const copy = blobPath(publish.store, 'westeurope', image.digest);
    expect((await stat(copy)).ino).not.toBe((await stat(blobPath(publish.store, 'local', image.digest))).ino);
    // Taking the region away frees its copy.
    const home = { properties: { publishingProfile: { targetRegions: [{ name: 'local' }] } } };
    expect(await api.finished('PATCH', id, home)).toMatchObject({ body: { status: 'Succeeded' } });
    await expect(stat(copy)).rejects.toThrow('ENOENT');
    expect((await api.finished('DELETE', id)).body).toMatchObject({ status: 'Succeeded' });
    expect((await api.call('GET', id)).status).toBe(404);
    expect((await api.call('DELETE', id)).status).toBe(204);
  });

  test('one is made from another version, and only what may change of it does', async () => {
    await using all = await fixture();
    const { api, publish } = all;
    const source = await publish.version({ text: 'first' });
    await api.call('PUT', NEW, DEFINITION);
    const id = `${NEW}/versions/1.0.0`;
    expect((await api.finished('PUT', id, version(`${DEFINITION_ID}/versions/latest`))).body).toMatchObject({
      status: 'Succeeded',
    });
    const same = version(source.id, { excludeFromLatest: true });
    expect(await api.call('PUT', id, { ...same, tags: { a: 'b' } })).toMatchObject({
      status: 200,
      body: { tags: { a: 'b' }, properties: { publishingProfile: { excludeFromLatest: true } } },
    });
    const image = await publish.managedImage();
    const refused = [
      await api.call('PUT', id, version(image.id)),
      await api.call('PATCH', id, { properties: { publishingProfile: { replicationMode: 'Shallow' } } }),
      await api.call('PATCH', id, { properties: { publishingProfile: { targetRegions: [{ name: 'westeurope' }] } } }),
      await api.call('PATCH', id, { properties: { publishingProfile: { targetRegions: [{ name: 'nowhere' }] } } }),
      await api.call('PATCH', id, { properties: { publishingProfile: { replicaCount: 0 } } }),
      await api.call('PATCH', id, {
        properties: {
          publishingProfile: { targetRegions: Array.from({ length: 101 }, (_, i) => ({ name: `r${i}` })) },
        },
      }),
    ];
    expect(refused.map(({ body }) => (body as { error: { code: string } }).error.code)).toEqual([
      ...['PropertyChangeNotAllowed', 'PropertyChangeNotAllowed'],
      ...['InvalidParameter', 'LocationNotAvailableForResourceType', 'InvalidParameter', 'InvalidParameter'],
    ]);
    expect((await api.call('GET', `${NEW}/versions`)).body).toMatchObject({ value: [{ id, tags: { a: 'b' } }] });
  });

  test.each([
    ['a virtual machine', 'InvalidParameter', { storageProfile: { source: { virtualMachineId: '/vm' } } }],
    ['a snapshot', 'InvalidParameter', { storageProfile: { osDiskImage: { source: { id: '/snapshot' } } } }],
    ['nothing', 'InvalidParameter', {}],
    ['an image that is not there', 'BadManagedImageSource', { storageProfile: { source: { id: `${IMAGE_ID}x` } } }],
    ['a gallery', 'InvalidParameter', { storageProfile: { source: { id: GALLERY } } }],
  ])('none is made from %s', async (_what, code, properties) => {
    await using all = await fixture();
    const { api } = all;
    await all.publish.version();
    await api.call('PUT', NEW, DEFINITION);
    expect((await api.call('PUT', `${NEW}/versions/1.0.0`, { location: 'local', properties })).body).toMatchObject({
      error: { code },
    });
    expect((await api.call('GET', `${NEW}/versions/1.0.0`)).status).toBe(404);
  });

  test('one that was begun before a crash is made by the next service, and its source stays until then', async () => {
    await using all = await fixture();
    const { api, publish } = all;
    await publish.version();
    await publish.managedImage();
    await api.call('PUT', NEW, DEFINITION);
    const fullId = `${NEW}/versions/1.0.0`;
    const target = { name: 'local', replicaCount: 1, storageAccountType: 'Standard_LRS' };
    await publish.store.write(trx =>
      beginOperation(trx, {
        ...{ kind: 'Microsoft.Compute/galleries/images/versions/write', targetKey: fullId.toLowerCase() },
        ...{ subscription: 's1', location: 'local', correlationId: '' },
        input: {
          id: { subscription: 's1', resourceGroup: 'rg', gallery: 'site', definition: 'made', version: '1.0.0' },
          ...{ fullId, source: IMAGE_ID, location: 'local', regions: [target], tags: {} },
          ...{ excludeFromLatest: false, replicationMode: 'Full' },
        },
      }),
    );
    expect(await api.call('DELETE', IMAGE_ID)).toMatchObject({
      status: 409,
      body: { error: { code: 'ResourceInUse' } },
    });
    expect(await api.call('PUT', fullId, version(IMAGE_ID))).toMatchObject({ status: 409 });
    expect((await api.call('GET', fullId)).body).toMatchObject({ properties: { provisioningState: 'Creating' } });
    await api.runner.resume();
    await expect
      .poll(async () => (await api.call('GET', fullId)).body)
      .toMatchObject({ properties: { provisioningState: 'Succeeded' } });
    expect((await api.call('DELETE', IMAGE_ID)).status).toBe(200);
  });
});

test('what a running build uses stays until its end', async () => {
  await using all = await fixture();
  const { api, publish } = all;
  const source = await publish.version();
  await api.call('PUT', NEW, DEFINITION);
  const id = `${GROUP}/providers/Microsoft.VirtualMachineImages/imageTemplates/t`;
  const template = {
    source: { type: 'SharedImageVersion', imageVersionId: `${DEFINITION_ID}/versions/latest` },
    distribute: [{ type: 'SharedImage', galleryImageId: NEW }],
  };
  await publish.store.write(async trx => {
    await insertResource(trx, {
      ...{
        id,
        type: 'Microsoft.VirtualMachineImages/imageTemplates',
        parentKey: undefined,
        location: 'local',
        tags: {},
      },
      ...{
        body: { properties: {} },
        internal: { template, exactVersion: source.id },
        provisioningState: 'Succeeded',
        createdBy: undefined,
      },
    });
    const run = {
      id: 'r',
      template_name: 't',
      status: 'Running',
      started_at: '',
      template_key: id.toLowerCase(),
    } as const;
    await trx
      .insertInto('runs')
      .values({ ...run, ...NO_RUN })
      .execute();
  });
  const removals = () => Promise.all([source.id, NEW].map(async one => (await api.call('DELETE', one)).status));
  expect(await removals()).toEqual([409, 409]);
  await publish.store.write(trx => trx.updateTable('runs').set({ status: 'Succeeded' }).execute());
  expect(await removals()).toEqual([202, 200]);
});

const NO_RUN = {
  ...{
    ended_at: null,
    result: null,
    operation_id: null,
    correlation_id: null,
    accepted_at: null,
    request: null,
    stage: null,
  },
  ...{ owner: null, cancel_requested: 0, attempts: 0, cpus: 0, memory_mib: 0 },
};

describe('managed images', () => {
  test('are shown, listed, tagged and removed', async () => {
    await using all = await fixture();
    const { api, publish } = all;
    const { digest } = await publish.managedImage({ dataDisks: { 1: 'more' } });
    const shown = {
      id: IMAGE_ID,
      type: 'Microsoft.Compute/images',
      properties: { storageProfile: { dataDisks: [{ lun: 1 }] } },
    };
    expect((await api.call('GET', IMAGE_ID.toLowerCase())).body).toMatchObject(shown);
    expect((await api.call('GET', `${GROUP}/providers/Microsoft.Compute/images`)).body).toMatchObject({
      value: [shown],
    });
    expect((await api.call('PATCH', IMAGE_ID, { tags: { a: 'b' } })).body).toMatchObject({ tags: { a: 'b' } });
    expect((await api.call('PATCH', IMAGE_ID, { properties: {} })).status).toBe(400);
    // Of clients that delete it at the same time one does.
    const removed = await Promise.all(Array.from({ length: 3 }, () => api.call('DELETE', IMAGE_ID)));
    expect(removed.map(({ status }) => status)).toEqual([200, 204, 204]);
    await expect(stat(blobPath(publish.store, 'local', digest))).rejects.toThrow('ENOENT');
    expect((await api.call('DELETE', IMAGE_ID)).status).toBe(204);
  });

  test.each([
    ['a virtual machine', { sourceVirtualMachine: { id: '/vm' }, storageProfile: { osDisk: {} } }],
    ['a disk', { storageProfile: { osDisk: { osType: 'Linux', osState: 'Generalized', managedDisk: { id: '/d' } } } }],
    [
      'a VHD that is not there',
      {
        storageProfile: {
          osDisk: { osType: 'Linux', osState: 'Generalized', blobUri: 'https://acc.blob.x/vhds/a.vhd' },
        },
      },
    ],
    [
      'a VHD elsewhere',
      { storageProfile: { osDisk: { osType: 'Linux', osState: 'Generalized', blobUri: 'https://elsewhere/a.vhd' } } },
    ],
  ])('are not made from %s', async (_what, properties) => {
    await using all = await fixture();
    await all.publish.managedImage();
    const answer = await all.api.call('PUT', `${IMAGE_ID}2`, { location: 'local', properties });
    expect(answer).toMatchObject({ status: 400, body: { error: { code: 'InvalidParameter' } } });
  });
});
