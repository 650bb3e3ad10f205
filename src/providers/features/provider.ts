import { pageBody, pageOf } from '../../arm/paging.ts';
import {
  findResource,
  insertResource,
  listResources,
  type StoredResource,
  updateResource,
} from '../../store/resources.ts';
import type { ArmOperation, ArmRequest, ArmResponse, Provider } from '../provider.ts';
import type { ProviderServices } from '../services.ts';

const NAMESPACE = 'Microsoft.Features';
const TYPE = 'Microsoft.Features/providers/features';
const SUBSCRIPTION = '/subscriptions/{subscriptionId}/providers/Microsoft.Features';
const FEATURES = `${SUBSCRIPTION}/providers/{namespace}/features`;
const FEATURE = `${FEATURES}/{featureName}`;

/** Preview features that a subscription says it takes part in. What it says is kept and has no effect: everything is there anyway. */
export function featuresProvider({ store }: ProviderServices): Provider {
  const list = async (request: ArmRequest): Promise<ArmResponse> => {
    const page = pageOf(request.url.searchParams);
    const { subscriptionId: subscription = '', namespace } = request.params;
    const stored = await listResources(store.db, { type: TYPE, subscription });
    const within = namespace === undefined ? undefined : `${request.id}/`.toLowerCase();
    const found = stored
      .filter(({ key }) => within === undefined || key.startsWith(within))
      .filter(({ key }) => page.after === undefined || key > page.after);
    return { status: 200, body: pageBody(found, page, request.url, shown, ({ key }) => key) };
  };
  const set =
    (state: 'Registered' | 'Unregistered') =>
    async (request: ArmRequest): Promise<ArmResponse> => {
      const id = request.id.slice(0, request.id.lastIndexOf('/'));
      const resource = await store.write(async trx => {
        const body = { properties: { state } };
        const changed = await updateResource(trx, id.toLowerCase(), { body });
        const nothing = { parentKey: undefined, location: undefined, tags: undefined, internal: {} };
        const createdBy = request.caller.objectId;
        return (
          changed ??
          insertResource(trx, { id, type: TYPE, body, provisioningState: 'Succeeded', createdBy, ...nothing })
        );
      });
      return { status: 200, body: shown(resource) };
    };
  const operations: ArmOperation[] = [
    { method: 'GET', path: `${SUBSCRIPTION}/features`, action: `${NAMESPACE}/features/read`, handle: list },
    { method: 'GET', path: FEATURES, action: `${NAMESPACE}/providers/features/read`, handle: list },
    {
      method: 'GET',
      path: FEATURE,
      action: `${NAMESPACE}/providers/features/read`,
      handle: async ({ id }) => {
        const found = await findResource(store.db, id);
        return { status: 200, body: found === undefined ? feature(id, 'NotRegistered') : shown(found) };
      },
    },
    {
      method: 'POST',
      path: `${FEATURE}/register`,
      action: `${NAMESPACE}/providers/features/register/action`,
      handle: set('Registered'),
    },
    {
      method: 'POST',
      path: `${FEATURE}/unregister`,
      action: `${NAMESPACE}/providers/features/unregister/action`,
      handle: set('Unregistered'),
    },
  ];
  const apiVersions = ['2021-07-01', '2015-12-01'];
  return {
    namespace: NAMESPACE,
    types: ['features', 'providers'].map(resourceType => ({ resourceType, apiVersions, tracked: false })),
    operations,
  };
}

function shown({ id, body }: StoredResource) {
  return { ...feature(id, 'NotRegistered'), ...body };
}

function feature(id: string, state: string) {
  const [, namespace = '', name = ''] = /\/providers\/([^/]+)\/features\/([^/]+)$/i.exec(id) ?? [];
  return { id, name: `${namespace}/${name}`, type: TYPE, properties: { state } };
}
