import { armError } from '../../errors/arm.ts';
import { findResource, insertResource, updateResource } from '../../store/resources.ts';
import type { ArmOperation, ArmRequest, ArmResponse, Provider } from '../provider.ts';
import type { ProviderServices } from '../services.ts';
import { shownRegions } from './regions.ts';

const TYPE = 'Microsoft.Resources/providers';

/** Resource providers with their types, and whether a subscription says that it uses them. All are there at once, whatever it says. */
export function registrationOperations(
  services: ProviderServices,
  providers: () => readonly Provider[],
): readonly ArmOperation[] {
  const { store } = services;
  const named = ({ params }: ArmRequest): Provider => {
    const namespace = params['namespace'] ?? '';
    const found = providers().find(one => one.namespace.toLowerCase() === namespace.toLowerCase());
    if (found !== undefined) return found;
    const known = providers().map(one => one.namespace);
    throw armError('InvalidResourceNamespace', { namespace, known: known.join(', ') });
  };
  const show = async ({ params }: ArmRequest, provider: Provider) => {
    const id = registrationId(params['subscriptionId'] ?? '', provider);
    const found = await findResource(store.db, id);
    const locations = await shownRegions(services);
    return {
      id,
      namespace: provider.namespace,
      registrationPolicy: 'RegistrationRequired',
      resourceTypes: provider.types.map(({ resourceType, apiVersions, tracked }) => ({
        resourceType,
        locations,
        apiVersions,
        capabilities: tracked ? 'SupportsTags, SupportsLocation' : 'None',
      })),
      registrationState: found?.body['registrationState'] ?? 'Registered',
    };
  };
  const set =
    (registrationState: 'Registered' | 'Unregistered') =>
    async (request: ArmRequest): Promise<ArmResponse> => {
      const provider = named(request);
      const id = registrationId(request.params['subscriptionId'] ?? '', provider);
      await store.write(async trx => {
        const body = { registrationState };
        if ((await updateResource(trx, id.toLowerCase(), { body })) !== undefined) return;
        const nothing = { parentKey: undefined, location: undefined, tags: undefined, internal: {} };
        const createdBy = request.caller.objectId;
        await insertResource(trx, { id, type: TYPE, body, provisioningState: 'Succeeded', createdBy, ...nothing });
      });
      return { status: 200, body: await show(request, provider) };
    };
  const all = '/subscriptions/{subscriptionId}/providers';
  return [
    {
      method: 'GET',
      path: all,
      action: 'Microsoft.Resources/subscriptions/providers/read',
      handle: async request => ({
        status: 200,
        body: { value: await Promise.all(providers().map(provider => show(request, provider))) },
      }),
    },
    {
      method: 'GET',
      path: `${all}/{namespace}`,
      action: 'Microsoft.Resources/subscriptions/providers/read',
      handle: async request => ({ status: 200, body: await show(request, named(request)) }),
    },
    {
      method: 'POST',
      path: `${all}/{namespace}/register`,
      action: 'Microsoft.Resources/subscriptions/providers/register/action',
      handle: set('Registered'),
    },
    {
      method: 'POST',
      path: `${all}/{namespace}/unregister`,
      action: 'Microsoft.Resources/subscriptions/providers/unregister/action',
      handle: set('Unregistered'),
    },
  ];
}

function registrationId(subscription: string, { namespace }: Provider): string {
  return `/subscriptions/${subscription}/providers/${namespace}`;
}
