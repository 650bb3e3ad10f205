import { expect, test } from 'vitest';
import { ensureResourceGroup } from '../../galleries/ensure.ts';
import { principalByObjectId } from '../../identity/principals.ts';
import { insertResource } from '../../store/resources.ts';
import { CALLER, providerFixture, SUBSCRIPTION } from '../provider.fixture.ts';
import { managedIdentityProvider } from './provider.ts';

const GROUP = `/subscriptions/${SUBSCRIPTION}/resourceGroups/rg`;
const IDENTITY = `${GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/builder`;

async function fixture() {
  const api = await providerFixture(services => [managedIdentityProvider(services)]);
  const group = { subscription: SUBSCRIPTION, resourceGroup: 'rg' };
  await api.store.write(trx =>
    ensureResourceGroup(trx, group, { strict: false, location: 'local', emit: () => undefined }),
  );
  return api;
}

test('an identity is a principal from its making to its end, and the same one after a second PUT', async () => {
  await using api = await fixture();
  const made = await api.call('PUT', IDENTITY, { location: 'local', tags: { a: 'b' } });
  expect(made).toMatchObject({ status: 201, body: { id: IDENTITY, properties: { tenantId: CALLER.tenantId } } });
  const { properties } = made.body as { properties: { principalId: string; clientId: string } };
  expect(await principalByObjectId(api.store, properties.principalId)).toMatchObject({
    ...{ kind: 'ManagedIdentity', displayName: 'builder', appId: properties.clientId, tenantId: CALLER.tenantId },
  });
  expect(await api.call('PUT', IDENTITY, { location: 'local' })).toMatchObject({
    status: 200,
    body: { properties, tags: {} },
  });
  const all = `/subscriptions/${SUBSCRIPTION}/providers/Microsoft.ManagedIdentity/userAssignedIdentities`;
  expect((await api.call('GET', all)).body).toMatchObject({ value: [{ id: IDENTITY }] });
  expect((await api.call('DELETE', IDENTITY)).status).toBe(200);
  expect(await principalByObjectId(api.store, properties.principalId)).toBeUndefined();
  expect((await api.call('DELETE', IDENTITY)).status).toBe(204);
});

test.each([
  ['the template itself has', { identity: { userAssignedIdentities: { [IDENTITY.toUpperCase()]: {} } } }, []],
  ['its build VM has', {}, [IDENTITY]],
])('an identity that %s is not deleted from under the template', async (_who, body, userAssignedIdentities) => {
  await using api = await fixture();
  await api.call('PUT', IDENTITY, { location: 'local' });
  const id = `${GROUP}/providers/Microsoft.VirtualMachineImages/imageTemplates/t`;
  await api.store.write(trx =>
    insertResource(trx, {
      ...{
        id,
        type: 'Microsoft.VirtualMachineImages/imageTemplates',
        parentKey: undefined,
        location: 'local',
        tags: {},
        body,
      },
      internal: { template: { vmProfile: { userAssignedIdentities } } },
      ...{ provisioningState: 'Succeeded', createdBy: undefined },
    }),
  );
  expect(await api.call('DELETE', IDENTITY)).toMatchObject({ status: 409, body: { error: { code: 'ResourceInUse' } } });
  await api.store.write(trx => trx.deleteFrom('resources').where('id', '=', id).execute());
  expect((await api.call('DELETE', IDENTITY)).status).toBe(200);
});

test('federated credentials are kept with their identity, one for each issuer and subject', async () => {
  await using api = await fixture();
  await api.call('PUT', IDENTITY, { location: 'local' });
  const id = `${IDENTITY}/federatedIdentityCredentials/ci-main`;
  const properties = {
    issuer: 'https://ci.example',
    subject: 'repo:a:main',
    audiences: ['api://AzureADTokenExchange'],
  };
  expect(await api.call('PUT', id, { properties })).toMatchObject({ status: 201, body: { id, properties } });
  expect((await api.call('PUT', `${id}-2`, { properties })).body).toMatchObject({
    error: { code: 'InvalidParameter' },
  });
  expect((await api.call('PUT', id, { properties: { ...properties, audiences: [] } })).status).toBe(400);
  expect((await api.call('GET', `${IDENTITY}/federatedIdentityCredentials`)).body).toMatchObject({ value: [{ id }] });
  await api.call('DELETE', IDENTITY);
  expect((await api.call('GET', id)).status).toBe(404);
});
