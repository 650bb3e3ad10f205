import type { ArmOperation } from '../provider.ts';
import type { ProviderServices } from '../services.ts';
import { displayName, geography } from './region-names.ts';
import { knownRegions } from './regions.ts';

/** Subscriptions, their regions, and the tenant: what clients ask for right after they have logged in. */
export function subscriptionOperations(services: ProviderServices): readonly ArmOperation[] {
  const { tenantId } = services;
  const shown = ({ id, name }: { readonly id: string; readonly name: string }) => ({
    id: `/subscriptions/${id}`,
    authorizationSource: 'RoleBased',
    managedByTenants: [],
    subscriptionId: id,
    tenantId,
    displayName: name,
    state: 'Enabled',
    subscriptionPolicies: {
      locationPlacementId: 'Internal_2014-09-01',
      quotaId: 'Internal_2014-09-01',
      spendingLimit: 'Off',
    },
  });
  const same = (a: string, b = '') => a.toLowerCase() === b.toLowerCase();
  return [
    {
      method: 'GET',
      path: '/subscriptions',
      action: 'Microsoft.Resources/subscriptions/read',
      handle: async () => ({
        status: 200,
        body: {
          value: services.subscriptions.map(shown),
          count: { type: 'Total', value: services.subscriptions.length },
        },
      }),
    },
    {
      method: 'GET',
      path: '/subscriptions/{subscriptionId}',
      action: 'Microsoft.Resources/subscriptions/read',
      handle: async ({ params }) => ({
        status: 200,
        // That there is one was seen to before.
        body: services.subscriptions.filter(({ id }) => same(id, params['subscriptionId'])).map(shown)[0],
      }),
    },
    {
      method: 'GET',
      path: '/subscriptions/{subscriptionId}/locations',
      action: 'Microsoft.Resources/subscriptions/locations/read',
      handle: async ({ params }) => {
        const regions = await knownRegions(services);
        return { status: 200, body: { value: regions.map(name => location(name, params['subscriptionId'] ?? '')) } };
      },
    },
    {
      method: 'GET',
      path: '/tenants',
      action: 'Microsoft.Resources/tenants/read',
      handle: async () => {
        const tenant = {
          id: `/tenants/${tenantId}`,
          tenantId,
          displayName: 'Kiln',
          tenantCategory: 'Home',
          domains: [],
        };
        return { status: 200, body: { value: [tenant] } };
      },
    },
  ];
}

function location(name: string, subscription: string) {
  const shown = displayName(name);
  const part = geography(shown);
  return {
    id: `/subscriptions/${subscription}/locations/${name}`,
    name,
    type: 'Region',
    displayName: shown,
    regionalDisplayName: part === undefined ? shown : `(${part}) ${shown}`,
    metadata: {
      regionType: 'Physical',
      regionCategory: 'Recommended',
      ...(part === undefined ? {} : { geographyGroup: part }),
    },
  };
}
