import { z } from 'zod';
import { resourceTypeError } from '../../errors/resource-types.ts';
import { listResources } from '../../store/resources.ts';
import { checkedBody } from '../checked-body.ts';
import type { Provider } from '../provider.ts';
import { objectIn } from '../request-body.ts';
import type { ProviderServices } from '../services.ts';
import { type StoredType, shownResource, storedType } from '../stored-type.ts';
import {
  NAMESPACE,
  PUBLIC_ADDRESS,
  PUBLIC_ADDRESS_TYPE,
  SECURITY_GROUP,
  SECURITY_GROUP_TYPE,
  SUBNET_TYPE,
} from './places.ts';
import { etagOf, subnets, withoutNull } from './subnets.ts';
import { virtualNetworks } from './virtual-networks.ts';

const VERSIONS = [
  ...['2024-05-01', '2024-01-01', '2023-11-01', '2023-09-01', '2023-05-01', '2023-02-01', '2022-11-01', '2022-09-01'],
  ...['2022-07-01', '2022-05-01', '2022-01-01', '2021-08-01', '2021-05-01', '2021-03-01', '2021-02-01', '2020-11-01'],
  ...['2020-08-01', '2020-07-01', '2020-06-01', '2020-05-01', '2019-11-01', '2019-04-01', '2018-11-01', '2017-10-01'],
];

const NAME = {
  pattern: /^[A-Za-z0-9](?:[\w.-]{0,78}\w)?$/,
  rule: 'it has up to 80 letters, digits, `_`, `-` and `.`, begins with a letter or digit and ends with one or `_`',
};

const securityRules = z.array(z.looseObject({ name: z.string().min(1), properties: z.looseObject({}) })).nullish();

/** `Microsoft.Network`: what templates refer to. It is kept and shown, and no build VM is plugged into it. */
export function networkProvider({ store }: ProviderServices): Provider {
  return {
    namespace: NAMESPACE,
    types: ['virtualNetworks', 'virtualNetworks/subnets', 'networkSecurityGroups', 'publicIPAddresses'].map(
      resourceType => {
        return { resourceType, apiVersions: VERSIONS, tracked: !resourceType.includes('/') };
      },
    ),
    operations: [virtualNetworks(store), subnets, securityGroups, publicAddresses].flatMap(type =>
      storedType(store, type),
    ),
  };
}

const securityGroups: StoredType = {
  type: SECURITY_GROUP_TYPE,
  path: SECURITY_GROUP,
  tracked: true,
  inSubscription: true,
  name: NAME,
  prepare: async ({ id, body }) => {
    const properties = objectIn(body, 'properties');
    const rules = checkedBody(securityRules, properties['securityRules'], ['properties', 'securityRules']) ?? [];
    const shown = rules.map(rule => ({ ...rule, id: `${id}/securityRules/${rule.name}` }));
    const stored = { defaultSecurityRules: [], ...withoutNull(properties), securityRules: shown };
    return { body: { properties: { ...stored, provisioningState: 'Succeeded' } } };
  },
  show: resource => ({ ...shownResource(resource), etag: etagOf(resource) }),
  refuseDelete: async (trx, { key, name, subscription }) => {
    const all = await listResources(trx, {
      type: SUBNET_TYPE,
      ...(subscription === undefined ? {} : { subscription }),
    });
    const user = all.find(({ body }) => {
      const { id } = objectIn(objectIn(body, 'properties'), 'networkSecurityGroup');
      return typeof id === 'string' && id.toLowerCase() === key;
    });
    if (user !== undefined) {
      throw resourceTypeError('InUseNetworkSecurityGroupCannotBeDeleted', { group: name, by: user.id });
    }
  },
};

const publicAddresses: StoredType = {
  type: PUBLIC_ADDRESS_TYPE,
  path: PUBLIC_ADDRESS,
  tracked: true,
  inSubscription: true,
  name: NAME,
  prepare: async ({ body }) => {
    const { sku } = body as { readonly sku?: unknown };
    const defaults = { publicIPAddressVersion: 'IPv4', publicIPAllocationMethod: 'Dynamic', idleTimeoutInMinutes: 4 };
    const properties = { ...defaults, ...withoutNull(objectIn(body, 'properties')), provisioningState: 'Succeeded' };
    return { body: { ...(sku == null ? {} : { sku }), properties } };
  },
  show: resource => ({ ...shownResource(resource), etag: etagOf(resource) }),
};
