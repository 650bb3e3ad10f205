import { expect, test } from 'vitest';
import { IMAGE_REGIONS } from '../../distributors/service-regions.ts';
import { insertResource } from '../../store/resources.ts';
import { computeProvider } from '../compute/provider.ts';
import { featuresProvider } from '../features/provider.ts';
import { managedIdentityProvider } from '../managed-identity/provider.ts';
import { networkProvider } from '../network/provider.ts';
import { providerFixture, SUBSCRIPTION } from '../provider.fixture.ts';
import type { Provider } from '../provider.ts';
import { isObject } from '../request-body.ts';
import type { ProviderServices } from '../services.ts';
import { resourcesProvider } from './provider.ts';
import { displayName } from './region-names.ts';

const S = `/subscriptions/${SUBSCRIPTION}`;
const group = (name: string) => `${S}/resourcegroups/${name}`;

const providers = (services: ProviderServices, all: () => readonly Provider[]): readonly Provider[] => [
  resourcesProvider(services, all),
  featuresProvider(services),
  computeProvider(services),
  networkProvider(services),
  managedIdentityProvider(services),
];

test('a resource group is made once, keeps its region, and is found by its tags', async () => {
  await using arm = await providerFixture(providers);
  expect(await arm.call('HEAD', group('rg'))).toMatchObject({ status: 404 });
  const made = await arm.call('PUT', group('rg'), { location: 'West US 2', tags: { team: 'a' } });
  expect(made).toMatchObject({
    status: 201,
    body: {
      id: `${S}/resourceGroups/rg`,
      name: 'rg',
      type: 'Microsoft.Resources/resourceGroups',
      location: 'westus2',
      tags: { team: 'a' },
      properties: { provisioningState: 'Succeeded' },
    },
  });
  expect(await arm.call('HEAD', group('RG'))).toMatchObject({ status: 204 });
  expect(await arm.call('PUT', group('RG'), { location: 'westus2', tags: { team: 'b' } })).toMatchObject({
    status: 200,
  });
  expect(code(await arm.call('PUT', group('rg'), { location: 'eastus' }))).toBe('InvalidResourceGroupLocation');
  expect(code(await arm.call('PUT', group('other'), { location: 'mars' }))).toBe(
    'LocationNotAvailableForResourceGroup',
  );
  expect(code(await arm.call('PUT', group('ends.'), { location: 'westus2' }))).toBe('InvalidResourceName');
  await arm.call('PUT', group('second'), { location: 'eastus', tags: { team: 'c', other: 'b' } });
  const filter = encodeURIComponent("tagname eq 'Team' and tagvalue eq 'b'");
  const listed = async (query: string) =>
    names(await arm.call('GET', `${S}/resourcegroups?api-version=2021-04-01${query}`));
  expect(await listed('')).toEqual(['rg', 'second']);
  expect(await listed(`&$filter=${filter}`)).toEqual(['rg']);
  expect(await listed('&$top=1')).toEqual(['rg']);
  const first = await arm.call('GET', `${S}/resourcegroups?$top=1`);
  expect(names(await arm.call('GET', String(bodyOf(first)['nextLink'])))).toEqual(['second']);
  expect(await arm.call('PATCH', group('rg'), { tags: { x: 'y' } })).toMatchObject({ body: { tags: { x: 'y' } } });
});

test('the list of resources has those of all types, and honours filters, pages and expansions', async () => {
  await using arm = await providerFixture(providers);
  await arm.call('PUT', group('rg'), { location: 'westus2' });
  await arm.call('PUT', group('other'), { location: 'westus2' });
  await putGallery(arm, 'rg');
  await arm.call('PUT', `${group('rg')}/providers/Microsoft.Network//virtualNetworks/net`, {
    location: 'westus2',
    tags: { team: 'a', other: 'b' },
    properties: {
      addressSpace: { addressPrefixes: ['10.0.0.0/16'] },
      subnets: [{ name: 's', properties: { addressPrefix: '10.0.0.0/24' } }],
    },
  });
  await putIdentity(arm, 'other', 'deployer');
  const list = async (query = '', scope = S) => {
    const answer = await arm.call('GET', `${scope}/resources?api-version=2021-04-01${query}`);
    expect(answer.status, JSON.stringify(answer.body)).toBe(200);
    return names(answer);
  };
  const filtered = (filter: string) => list(`&$filter=${encodeURIComponent(filter)}`);
  expect(await list()).toEqual(['deployer', 'site', 'site/web', 'net']);
  expect(await list('', group('rg'))).toEqual(['site', 'site/web', 'net']);
  expect(await filtered("resourceType eq 'Microsoft.compute/galleries'")).toEqual(['site']);
  expect(await filtered("resourceGroup eq 'RG' and resourceType eq 'Microsoft.Network/virtualNetworks'")).toEqual([
    'net',
  ]);
  expect(await filtered("substringof('ite', name)")).toEqual(['site', 'site/web']);
  expect(await filtered("tagName eq 'team' and tagValue eq 'a'")).toEqual(['net']);
  expect(await filtered("tagName eq 'team' and tagValue eq 'b'")).toEqual([]);
  expect(code(await arm.call('GET', `${S}/resources?$filter=${encodeURIComponent("colour eq 'red'")}`))).toBe(
    'InvalidFilterInQueryString',
  );
  const pages: string[] = [];
  let next: string | undefined = `${S}/resources?$top=1&$expand=createdTime,provisioningState`;
  while (next !== undefined) {
    const page = await arm.call('GET', next);
    expect(bodyOf(page)['value']).toMatchObject([{ createdTime: expect.any(String), provisioningState: 'Succeeded' }]);
    pages.push(...names(page));
    const link = bodyOf(page)['nextLink'];
    next = typeof link === 'string' ? link : undefined;
  }
  expect(pages).toEqual(await list());
});

test('a group goes with everything in it, by each type of its own', async () => {
  let held = false;
  await using arm: Arm = await providerFixture(providers, {
    startOperation: id => {
      if (!held) arm.runner.start(id);
    },
  });
  await arm.call('PUT', group('rg'), { location: 'westus2' });
  await putGallery(arm, 'rg');
  await putIdentity(arm, 'rg', 'deployer');
  held = true;
  const deleting = await arm.call('DELETE', group('rg'));
  expect(deleting).toMatchObject({ status: 202, headers: { Location: expect.stringContaining('/operationresults/') } });
  expect(await arm.call('GET', group('rg'))).toMatchObject({ body: { properties: { provisioningState: 'Deleting' } } });
  expect(code(await arm.call('PUT', group('rg'), { location: 'westus2' }))).toBe('ResourceGroupBeingDeleted');
  const location = deleting.headers?.['Location'] ?? '';
  expect(await arm.call('GET', location)).toMatchObject({ status: 202, headers: { Location: location } });
  expect(await arm.call('DELETE', group('rg'))).toMatchObject({
    headers: { Location: expect.stringContaining(new URL(location).pathname) },
  });
  // As after a crash: another service finds the operation, and does it.
  held = false;
  await arm.restart();
  await arm.done(location);
  expect(await arm.call('GET', location)).toMatchObject({ status: 200 });
  expect(await arm.call('HEAD', group('rg'))).toMatchObject({ status: 404 });
  expect(await arm.store.db.selectFrom('galleries').select('key').execute()).toEqual([]);
  expect(await arm.store.db.selectFrom('resources').select('key').execute()).toEqual([]);
});

test('a group stays as it is when something outside needs what is in it', async () => {
  await using arm = await providerFixture(providers);
  for (const name of ['rg', 'outside']) await arm.call('PUT', group(name), { location: 'westus2' });
  await putIdentity(arm, 'rg', 'deployer');
  const me = `${S}/resourceGroups/rg/providers/Microsoft.ManagedIdentity/userAssignedIdentities/deployer`;
  const user = `${S}/resourceGroups/outside/providers/Test.Kiln/things/user`;
  await arm.store.write(trx =>
    insertResource(trx, {
      ...{ id: user, type: 'Test.Kiln/things', parentKey: undefined, location: 'westus2', tags: {}, internal: {} },
      ...{ provisioningState: 'Succeeded', createdBy: undefined },
      body: { identity: { userAssignedIdentities: { [me.toLowerCase()]: {} } } },
    }),
  );
  const refused = await arm.call('DELETE', group('rg'));
  expect(refused).toMatchObject({ status: 409, body: { error: { code: 'ResourceInUse' } } });
  expect(JSON.stringify(refused.body)).toContain(user);
  expect(await arm.call('GET', me)).toMatchObject({ status: 200 });
  expect(await arm.call('GET', group('rg'))).toMatchObject({
    body: { properties: { provisioningState: 'Succeeded' } },
  });
  // Without a provider it goes as a record, and with it what it needed.
  expect(await arm.finished('DELETE', group('outside'))).toMatchObject({ status: 200 });
  expect(await arm.finished('DELETE', group('rg'))).toMatchObject({ status: 200 });
});

test('tags are changed without the rest of a resource', async () => {
  await using arm = await providerFixture(providers);
  await arm.call('PUT', group('rg'), { location: 'westus2', tags: { a: '1' } });
  await putIdentity(arm, 'rg', 'deployer');
  for (const scope of [
    group('rg'),
    `${group('rg')}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/deployer`,
  ]) {
    const path = `${scope}/providers/Microsoft.Resources/tags/default`;
    const tags = async (method: string, body: object) => bodyOf(await arm.call(method, path, body))['properties'];
    expect(await tags('PUT', { properties: { tags: { a: '1', b: '2' } } })).toEqual({ tags: { a: '1', b: '2' } });
    const merged = { operation: 'Merge', properties: { tags: { B: '3' } } };
    expect(await tags('PATCH', merged)).toEqual({ tags: { a: '1', B: '3' } });
    const less = { operation: 'Delete', properties: { tags: { a: '1' } } };
    expect(await tags('PATCH', less)).toEqual({ tags: { B: '3' } });
    expect(await arm.call('GET', scope)).toMatchObject({ body: { tags: { B: '3' } } });
  }
});

test('what clients ask for after login: subscriptions, regions, providers, features', async () => {
  await using arm = await providerFixture(providers);
  expect(await arm.call('GET', '/subscriptions')).toMatchObject({
    body: { value: [{ subscriptionId: SUBSCRIPTION, state: 'Enabled', tenantId: arm.services.tenantId }] },
  });
  const locations = await arm.call('GET', `${S}/locations`);
  expect(bodyOf(locations)['value']).toContainEqual(
    expect.objectContaining({
      name: 'westeurope',
      displayName: 'West Europe',
      regionalDisplayName: '(Europe) West Europe',
    }),
  );
  const provider = await arm.call('POST', `${S}/providers/microsoft.compute/register`);
  expect(provider).toMatchObject({
    status: 200,
    body: { namespace: 'Microsoft.Compute', registrationState: 'Registered' },
  });
  await arm.call('POST', `${S}/providers/Microsoft.Compute/unregister`);
  expect(await arm.call('GET', `${S}/providers/Microsoft.Compute`)).toMatchObject({
    body: {
      registrationState: 'Unregistered',
      resourceTypes: expect.arrayContaining([expect.objectContaining({ resourceType: 'galleries/images' })]),
    },
  });
  expect(code(await arm.call('GET', `${S}/providers/Microsoft.Nothing`))).toBe('InvalidResourceNamespace');
  const features = `${S}/providers/Microsoft.Features/providers/Microsoft.VirtualMachineImages/features`;
  const preview = `${features}/VirtualMachineTemplatePreview`;
  expect(await arm.call('GET', preview)).toMatchObject({ body: { properties: { state: 'NotRegistered' } } });
  await arm.call('POST', `${preview}/register`);
  const registered = {
    name: 'Microsoft.VirtualMachineImages/VirtualMachineTemplatePreview',
    properties: { state: 'Registered' },
  };
  expect(await arm.call('GET', preview)).toMatchObject({ body: registered });
  expect(await arm.call('GET', features)).toMatchObject({ body: { value: [registered] } });
});

test('every region of Azure has a name for people, of which its own can be made again', () => {
  const wrong = IMAGE_REGIONS.filter(
    region => displayName(region) === region || displayName(region).replaceAll(' ', '').toLowerCase() !== region,
  );
  expect(wrong).toEqual([]);
  expect(['eastus2euap', 'southafricanorth', 'usgovvirginia', 'lab'].map(displayName)).toEqual([
    ...['East US 2 EUAP', 'South Africa North', 'USGov Virginia', 'lab'],
  ]);
});

type Arm = Awaited<ReturnType<typeof providerFixture>>;

async function putGallery(arm: Arm, name: string): Promise<void> {
  const gallery = `${group(name)}/providers/Microsoft.Compute/galleries/site`;
  const made = await arm.finished('PUT', `${gallery}?api-version=2021-10-01`, { location: 'westus2' });
  expect(made.status, JSON.stringify(made.body)).toBeLessThan(300);
  const definition = await arm.finished('PUT', `${gallery}/images/web?api-version=2021-10-01`, {
    location: 'westus2',
    properties: { osType: 'Linux', osState: 'Generalized', identifier: { publisher: 'p', offer: 'o', sku: 's' } },
  });
  expect(definition.status, JSON.stringify(definition.body)).toBeLessThan(300);
}

async function putIdentity(arm: Arm, inGroup: string, name: string): Promise<void> {
  const path = `${group(inGroup)}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/${name}`;
  const made = await arm.call('PUT', `${path}?api-version=2022-01-31-preview`, { location: 'westus2' });
  expect(made.status, JSON.stringify(made.body)).toBe(201);
}

function bodyOf({ body }: { readonly body?: unknown }): Readonly<Record<string, unknown>> {
  return isObject(body) ? body : {};
}

function code(answer: { readonly body?: unknown }): unknown {
  const { error } = bodyOf(answer);
  return isObject(error) ? error['code'] : undefined;
}

function names(answer: { readonly body?: unknown }): readonly string[] {
  const { value } = bodyOf(answer);
  if (!Array.isArray(value)) throw new Error(JSON.stringify(answer.body));
  return value.map(one => String(bodyOf({ body: one })['name']));
}
