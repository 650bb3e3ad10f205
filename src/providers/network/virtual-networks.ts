import { z } from 'zod';
import { armError } from '../../errors/arm.ts';
import {
  insertResource,
  listResources,
  removeResource,
  type StoredResource,
  updateResource,
} from '../../store/resources.ts';
import type { Store, StoreTransaction } from '../../store/store.ts';
import { checkedBody } from '../checked-body.ts';
import type { ArmRequest } from '../provider.ts';
import { objectIn } from '../request-body.ts';
import { type StoredType, shownResource } from '../stored-type.ts';
import { NETWORK, NETWORK_TYPE, SUBNET_TYPE } from './places.ts';
import {
  checkPlace,
  etagOf,
  type PlacedSubnet,
  placedSubnet,
  rangeIn,
  refuseUsedSubnet,
  SUBNET_NAME,
  showSubnet,
  spaceOf,
  subnetBody,
  withoutNull,
} from './subnets.ts';

const network = z.looseObject({
  addressSpace: z.looseObject({ addressPrefixes: z.array(z.string()).min(1) }),
  subnets: z.array(z.looseObject({ name: z.string(), properties: z.looseObject({}) })).nullish(),
});

/** Networks. Their subnets are resources of their own: a network shows those that there are. */
export function virtualNetworks({ db }: Store): StoredType {
  return {
    type: NETWORK_TYPE,
    path: NETWORK,
    tracked: true,
    inSubscription: true,
    name: {
      pattern: /^[A-Za-z0-9][\w.-]{0,62}\w$/,
      rule: 'it has 2 to 64 letters, digits, `_`, `-` and `.`, begins with a letter or digit and ends with one or `_`',
    },
    prepare: async (request, found, trx) => {
      const { subnets, ...properties } = checkedBody(network, objectIn(request.body, 'properties'), ['properties']);
      const body = {
        properties: { enableDdosProtection: false, ...withoutNull(properties), provisioningState: 'Succeeded' },
      };
      const name = request.params['virtualNetworkName'] ?? '';
      const space = spaceOf(body);
      for (const prefix of space) rangeIn(prefix, name);
      if (subnets != null) await replaceSubnets(trx, request, { name, space }, subnets);
      else await checkSubnets(trx, found, { name, space });
      return { body };
    },
    show: resource => showNetwork(db, resource),
    refuseDelete: async (trx, { key }) => {
      for (const subnet of await listResources(trx, { type: SUBNET_TYPE, parentKey: key }))
        await refuseUsedSubnet(trx, subnet);
    },
  };
}

async function showNetwork(db: Store['db'], resource: StoredResource) {
  const subnets = await listResources(db, { type: SUBNET_TYPE, parentKey: resource.key });
  const { id, name, type, location, tags, ...rest } = shownResource(resource);
  const properties = { ...objectIn(rest, 'properties'), subnets: subnets.map(showSubnet), virtualNetworkPeerings: [] };
  return { name, id, etag: etagOf(resource), type, location, tags, properties };
}

interface Network {
  readonly name: string;
  readonly space: readonly string[];
}

/** The subnets in the body of a network are all that it has then. Without them in the body, they stay. */
async function replaceSubnets(
  trx: StoreTransaction,
  request: ArmRequest,
  { name, space }: Network,
  wanted: readonly { readonly name: string; readonly properties: object }[],
): Promise<void> {
  const parentKey = request.id.toLowerCase();
  const names = wanted.map(subnet => subnet.name.toLowerCase());
  const twice = wanted.find((_, i) => names.indexOf(names[i] ?? '') !== i);
  if (twice !== undefined) {
    throw armError('InvalidParameter', { name: 'properties.subnets', reason: `\`${twice.name}\` is there twice` });
  }
  const there = await listResources(trx, { type: SUBNET_TYPE, parentKey });
  for (const subnet of there.filter(one => !names.includes(one.name.toLowerCase()))) {
    await refuseUsedSubnet(trx, subnet);
    await removeResource(trx, subnet.key);
  }
  const placed: PlacedSubnet[] = [];
  for (const subnet of wanted) {
    if (!SUBNET_NAME.pattern.test(subnet.name)) {
      throw armError('InvalidResourceName', { name: subnet.name, type: SUBNET_TYPE, rule: SUBNET_NAME.rule });
    }
    const { body, ranges } = await subnetBody(trx, subnet.name, subnet);
    checkPlace(name, space, { name: subnet.name, ranges }, placed);
    placed.push({ name: subnet.name, ranges });
    const id = `${request.id}/subnets/${subnet.name}`;
    const before = there.find(one => one.key === id.toLowerCase());
    if (before !== undefined) await updateResource(trx, before.key, { body });
    else {
      await insertResource(trx, {
        ...{ id, type: SUBNET_TYPE, parentKey, location: undefined, tags: undefined, body, internal: {} },
        provisioningState: 'Succeeded',
        createdBy: request.caller.objectId,
      });
    }
  }
}

/** A network does not shrink away from under its subnets. */
async function checkSubnets(
  trx: StoreTransaction,
  found: StoredResource | undefined,
  { name, space }: Network,
): Promise<void> {
  if (found === undefined) return;
  for (const subnet of await listResources(trx, { type: SUBNET_TYPE, parentKey: found.key })) {
    checkPlace(name, space, placedSubnet(subnet), []);
  }
}
