import type { ImageTemplate } from '@azure/arm-imagebuilder';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { all, type Clients, clientsOf, imageTemplate, refused, ServiceCredential } from './sdk-fixture.ts';
import { ENDLESS, type ServiceSite, SMALL, SUBSCRIPTION, serviceSite } from './service-fixture.ts';

const GROUP = `/subscriptions/${SUBSCRIPTION}/resourceGroups/images`;
const COMPUTE = `${GROUP}/providers/Microsoft.Compute`;
const identityId = (name: string) => `${GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/${name}`;
const POLL = { updateIntervalInMs: 200 };

let on: ServiceSite;
let clients: Clients;
beforeAll(async () => {
  // One at a time: a second run waits in the queue.
  on = await serviceSite('--max-runs', '1');
  clients = clientsOf(on.service, new ServiceCredential(on.service, on.administrator));
  const { resources } = clients;
  await resources.resourceGroups.createOrUpdate('images', { location: 'local', tags: { team: 'web' } });
  for (const name of ['builder', 'other']) {
    const parameters = { location: 'local' };
    await resources.resources.createOrUpdateById(identityId(name), '2023-01-31', parameters).pollUntilDone();
  }
});
afterAll(() => on[Symbol.asyncDispose]());

const source = (image: typeof SMALL | typeof ENDLESS) => ({
  type: 'PlatformImage' as const,
  ...image,
  version: 'latest',
});
const managedImage = (name: string) => ({
  ...{ type: 'ManagedImage' as const, runOutputName: name, imageId: `${COMPUTE}/images/${name}`, location: 'local' },
});
const endless = (more: Partial<ImageTemplate> = {}) =>
  imageTemplate(identityId('builder'), {
    source: source(ENDLESS),
    customize: [{ type: 'Shell', name: 'hello', scriptUri: `${on.web}/hello.sh` }],
    distribute: [managedImage('web')],
    ...more,
  });
/** Needs no machine: nothing is customized, and nothing is validated but the source. */
const checks = () =>
  imageTemplate(identityId('builder'), {
    source: source(SMALL),
    distribute: [],
    validate: { sourceValidationOnly: true },
  });

const create = (name: string, template: ImageTemplate) =>
  clients.images.virtualMachineImageTemplates.createOrUpdate('images', name, template, POLL).pollUntilDone();
const lastRun = async (name: string) =>
  (await clients.images.virtualMachineImageTemplates.get('images', name)).lastRunStatus;
const remove = (name: string) =>
  clients.images.virtualMachineImageTemplates.delete('images', name, POLL).pollUntilDone();

test('groups, galleries, image definitions and the catalogue are there for their clients', async () => {
  const { resources, compute } = clients;
  expect(await all(resources.resourceGroups.list({ filter: "tagName eq 'team'" }))).toMatchObject([
    {
      id: GROUP,
      name: 'images',
      location: 'local',
      tags: { team: 'web' },
      properties: { provisioningState: 'Succeeded' },
    },
  ]);
  expect((await resources.resourceGroups.checkExistence('IMAGES')).body).toBe(true);
  expect((await resources.resourceGroups.checkExistence('nonesuch')).body).toBe(false);
  const provider = await resources.providers.get('Microsoft.VirtualMachineImages');
  expect(provider.resourceTypes?.map(type => type.resourceType)).toContain('imageTemplates');

  const gallery = await compute.galleries.createOrUpdate('images', 'site', { location: 'local' }, POLL).pollUntilDone();
  expect(gallery).toMatchObject({ id: `${COMPUTE}/galleries/site`, provisioningState: 'Succeeded' });
  const definition = {
    ...{ location: 'local', osType: 'Linux' as const, osState: 'Generalized' as const, hyperVGeneration: 'V2' },
    identifier: { publisher: 'Site', offer: 'web', sku: 'one' },
  };
  const made = await compute.galleryImages.createOrUpdate('images', 'site', 'web', definition, POLL).pollUntilDone();
  expect(made).toMatchObject({ id: `${COMPUTE}/galleries/site/images/web`, ...definition });
  expect(await all(compute.galleryImages.listByGallery('images', 'site'))).toMatchObject([{ name: 'web' }]);
  expect(await all(compute.galleryImageVersions.listByGalleryImage('images', 'site', 'web'))).toEqual([]);
  await refused(compute.galleryImageVersions.get('images', 'site', 'web', '1.0.0'), 404, 'ResourceNotFound');
  const changed = { ...definition, hyperVGeneration: 'V1' };
  await refused(
    compute.galleryImages.createOrUpdate('images', 'site', 'web', changed, POLL).pollUntilDone(),
    409,
    'PropertyChangeNotAllowed',
  );
  const images = await compute.virtualMachineImages.list('local', 'Test', 'small', 'disk');
  expect(images.map(({ name }) => name)).toEqual(['1.0.0']);

  await compute.galleryImages.delete('images', 'site', 'web', POLL).pollUntilDone();
  await compute.galleries.delete('images', 'site', POLL).pollUntilDone();
  await refused(compute.galleries.get('images', 'site'), 404, 'ResourceNotFound');
});

test('a template is made, read, listed in pages, made again, and deleted', async () => {
  const { virtualMachineImageTemplates: templates } = clients.images;
  const made = await create('web', endless({ tags: { team: 'web' } }));
  expect(made).toMatchObject({
    ...{ id: `${GROUP}/providers/Microsoft.VirtualMachineImages/imageTemplates/web`, name: 'web', location: 'local' },
    ...{ type: 'Microsoft.VirtualMachineImages/imageTemplates', tags: { team: 'web' }, provisioningState: 'Succeeded' },
    source: { ...source(ENDLESS), exactVersion: '1.0.0' },
    customize: [{ type: 'Shell', name: 'hello', sha256Checksum: expect.stringMatching(/^[0-9a-f]{64}$/) }],
    distribute: [managedImage('web')],
    exactStagingResourceGroup: expect.stringMatching(/\/resourceGroups\/IT_images_web_[0-9a-f-]{36}$/),
    identity: {
      userAssignedIdentities: { [identityId('builder')]: { clientId: expect.stringMatching(/^[0-9a-f-]{36}$/) } },
    },
  });
  expect(made.lastRunStatus).toBeUndefined();
  expect(await templates.get('IMAGES', 'Web')).toEqual(made);
  expect(await create('web', endless({ tags: { team: 'web' } }))).toEqual(made);
  await refused(create('web', endless({ buildTimeoutInMinutes: 30 })), 409, 'Conflict');

  const names = ['web', 'web-2', 'web-3', 'web-4', 'web-5'];
  await Promise.all(names.slice(1).map(name => create(name, checks())));
  const paged = clientsOf(on.service, new ServiceCredential(on.service, on.administrator), 2).images;
  const pages = [];
  for await (const page of paged.virtualMachineImageTemplates.listByResourceGroup('images').byPage()) pages.push(page);
  expect(pages.map(page => page.length)).toEqual([2, 2, 1]);
  expect(pages.flat().map(({ name }) => name)).toEqual(names);
  expect((await all(paged.virtualMachineImageTemplates.list())).map(({ name }) => name)).toEqual(names);
  await refused(all(templates.listByResourceGroup('nonesuch')), 404, 'ResourceGroupNotFound');

  for (const name of names) await remove(name);
  await refused(templates.get('images', 'web'), 404, 'ResourceNotFound');
  await remove('web');
  const groups = await all(clients.resources.resourceGroups.list());
  expect(groups.map(({ name }) => name)).toEqual(['images']);
});

test('tags, identity, targets and the machine of a template can be changed, the rest cannot', async () => {
  const { virtualMachineImageTemplates: templates } = clients.images;
  const made = await create('changing', endless());
  const update = (change: Parameters<typeof templates.update>[2]) =>
    templates.update('images', 'changing', change, POLL).pollUntilDone();
  expect((await update({ tags: { stage: 'two' } })).tags).toEqual({ stage: 'two' });
  const assigned = (...names: readonly string[]) => ({
    type: 'UserAssigned' as const,
    userAssignedIdentities: Object.fromEntries(names.map(name => [identityId(name), {}])),
  });
  expect((await update({ identity: assigned('BUILDER') })).identity).toMatchObject({ type: 'UserAssigned' });
  // A template has one identity, not two and not none.
  await refused(update({ identity: assigned('other') }), 400, 'ValidationFailed');
  await refused(update({ identity: { type: 'None' } }), 400, 'ValidationFailed');
  const distribute = [managedImage('web'), { type: 'VHD' as const, runOutputName: 'disk' }];
  expect((await update({ properties: { distribute } })).distribute).toMatchObject(distribute);
  const vmProfile = { vmSize: 'Standard_D2s_v3', osDiskSizeGB: 40 };
  expect((await update({ properties: { vmProfile } })).vmProfile).toMatchObject(vmProfile);
  const said = await refused(
    update({ properties: { distribute: [distribute[1] ?? managedImage('')] } }),
    400,
    'TargetMissing',
  );
  expect(said).toContain('web');

  const { tags, identity: _, distribute: __, vmProfile: ___, ...kept } = made;
  const after = await templates.get('images', 'changing');
  expect(after).toMatchObject({ ...kept, tags: { stage: 'two' }, distribute, vmProfile });
  expect(tags).not.toEqual(after.tags);
  await refused(templates.update('images', 'nonesuch', { tags: {} }, POLL).pollUntilDone(), 404, 'ResourceNotFound');
  await remove('changing');
});

test('a run goes on until it is canceled, and one that waits can be canceled before it begins', async () => {
  const { virtualMachineImageTemplates: templates } = clients.images;
  await create('first', endless());
  await create('second', endless());
  const first = templates.run('images', 'first', POLL);
  await first.submitted();
  await expect
    .poll(() => lastRun('first'), { timeout: 20_000 })
    .toMatchObject({ runState: 'Running', runSubState: 'Building' });
  const second = templates.run('images', 'second', POLL);
  await second.submitted();
  expect(await lastRun('second')).toMatchObject({ runState: 'Running', runSubState: 'Queued' });
  await refused(templates.run('images', 'first', POLL).submitted(), 405, 'OperationNotAllowed');
  await refused(templates.delete('images', 'first', POLL).submitted(), 405, 'OperationNotAllowed');
  await refused(templates.update('images', 'first', { tags: {} }, POLL).pollUntilDone(), 405, 'OperationNotAllowed');

  for (const [name, run] of [
    ['second', second],
    ['first', first],
  ] as const) {
    await templates.cancel('images', name, POLL).pollUntilDone();
    await expect(run.pollUntilDone(), name).rejects.toThrow(/cancel/i);
    expect(await lastRun(name), name).toMatchObject({ runState: 'Canceled', endTime: expect.any(Date) });
  }
  // There is nothing to end any more, which is no error.
  await templates.cancel('images', 'first', POLL).pollUntilDone();
  expect(await all(templates.listRunOutputs('images', 'first'))).toEqual([]);
  await refused(templates.getRunOutput('images', 'first', 'web'), 404, 'ResourceNotFound');
  await remove('first');
  await remove('second');
});

test('a run is polled to its end, and the next one can follow', async () => {
  const { virtualMachineImageTemplates: templates } = clients.images;
  await create('checks', checks());
  for (const _ of [1, 2]) {
    await templates.run('images', 'checks', POLL).pollUntilDone();
    expect(await lastRun('checks')).toMatchObject({ runState: 'Succeeded', message: '' });
  }
  await remove('checks');
});

test('triggers are made, read, listed and deleted', async () => {
  const { triggers } = clients.images;
  await create('watched', endless());
  const properties = { kind: 'SourceImage' as const };
  const made = await triggers.createOrUpdate('images', 'watched', 'newer', { properties }, POLL).pollUntilDone();
  expect(made).toMatchObject({ name: 'newer', properties: { kind: 'SourceImage', provisioningState: 'Succeeded' } });
  expect(await triggers.get('images', 'watched', 'newer')).toMatchObject({ id: made.id });
  expect(await all(triggers.listByImageTemplate('images', 'watched'))).toMatchObject([{ name: 'newer' }]);
  await triggers.delete('images', 'watched', 'newer', POLL).pollUntilDone();
  await refused(triggers.get('images', 'watched', 'newer'), 404, 'ResourceNotFound');
  await remove('watched');
});

test('the operations of the provider are listed', async () => {
  const operations = (await all(clients.images.operations.list())).map(({ name }) => name);
  for (const action of ['read', 'write', 'delete', 'run/action', 'cancel/action']) {
    expect(operations).toContain(`Microsoft.VirtualMachineImages/imageTemplates/${action}`);
  }
});

test('what is wrong with a template is said with its code and place, and what fails later is the poller’s error', async () => {
  const bad = endless({ customize: [{ type: 'Shell', name: 'none' }] });
  expect(await refused(create('bad', bad), 400, 'ValidationFailed')).toContain('customize');
  await refused(create('bad', { ...endless(), location: 'nowhere' }), 400, 'ValidationFailed');
  const stranger = imageTemplate(identityId('nobody'), {
    ...checks(),
    identity: { type: 'UserAssigned', userAssignedIdentities: { [identityId('nobody')]: {} } },
  });
  expect(await refused(create('bad', stranger), 400, 'InvalidParameter')).toContain('nobody');
  const lost = endless({ customize: [{ type: 'Shell', name: 'lost', scriptUri: `${on.web}/lost.sh` }] });
  await expect(create('lost', lost)).rejects.toThrow(/lost\.sh/);
  expect(await clients.images.virtualMachineImageTemplates.get('images', 'lost')).toMatchObject({
    provisioningState: 'Failed',
    provisioningError: { message: expect.stringContaining('lost.sh') },
  });
  await refused(
    clients.images.virtualMachineImageTemplates.run('images', 'lost', POLL).submitted(),
    405,
    'OperationNotAllowed',
  );
  await remove('lost');
  const guessing = new ServiceCredential(on.service, { ...on.administrator, secret: 'guess' });
  await expect(all(clientsOf(on.service, guessing).images.virtualMachineImageTemplates.list())).rejects.toThrow(
    'AADSTS7000215',
  );
  const forged = { getToken: async () => ({ token: 'a.b.c', expiresOnTimestamp: Date.now() + 1e6 }) };
  await refused(
    all(clientsOf(on.service, forged).images.virtualMachineImageTemplates.list()),
    401,
    'InvalidAuthenticationToken',
  );
});
