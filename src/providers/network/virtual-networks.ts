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
import { refuseLarge, type StoredType, shownResource } from '../stored-type.ts';
import { NETWORK, NETWORK_TYPE, SUBNET_TYPE } from './places.ts';
import {
  checkPlaces,
  etagOf,
  LARGEST_NETWORK,
  MOST_SUBNETS,
  type PlacedSubnet,
  placedSubnet,
  rangeIn,
  refuseUsedSubnets,
  SUBNET_NAME,
  showSubnet,
  spaceOf,
  subnetBody,
  withoutNull,
} from './subnets.ts';

/** What Azure takes. */
const MOST_PREFIXES = 1000;

const network = z.looseObject({
  addressSpace: z.looseObject({ addressPrefixes: z.array(z.string()).min(1).max(MOST_PREFIXES) }),
  subnets: z
    .array(z.looseObject({ name: z.string(), properties: z.looseObject({}) }))
    .max(MOST_SUBNETS, `a network has up to ${MOST_SUBNETS} subnets`)
    .nullish(),
});

/** Networks. Their subnets are resources of their own: a network shows those that there are. */
export function virtualNetworks({ db }: Store): StoredType {
  return {
    type: NETWORK_TYPE,
    path: NETWORK,
    tracked: true,
    inSubscription: true,
    largestBody: LARGEST_NETWORK,
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
      await refuseUsedSubnets(trx, key, await listResources(trx, { type: SUBNET_TYPE, parentKey: key }));
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
  const names = new Set<string>();
  for (const { name: one } of wanted) {
    if (names.has(one.toLowerCase())) {
      throw armError('InvalidParameter', { name: 'properties.subnets', reason: `\`${one}\` is there twice` });
    }
    names.add(one.toLowerCase());
  }
  const there = await listResources(trx, { type: SUBNET_TYPE, parentKey });
  const left = there.filter(one => !names.has(one.name.toLowerCase()));
  await refuseUsedSubnets(trx, parentKey, left);
  for (const { key } of left) await removeResource(trx, key);
  const checked: {
    readonly name: string;
    readonly body: StoredResource['body'];
    readonly ranges: PlacedSubnet['ranges'];
  }[] = [];
  for (const subnet of wanted) {
    if (!SUBNET_NAME.pattern.test(subnet.name)) {
      throw armError('InvalidResourceName', { name: subnet.name, type: SUBNET_TYPE, rule: SUBNET_NAME.rule });
    }
    const { body, ranges } = await subnetBody(trx, subnet.name, subnet);
    refuseLarge(body);
    checked.push({ name: subnet.name, body, ranges });
  }
  checkPlaces(name, space, checked);
  const known = new Set(there.map(({ key }) => key));
  for (const { name: subnet, body } of checked) {
    const id = `${request.id}/subnets/${subnet}`;
    if (known.has(id.toLowerCase())) await updateResource(trx, id.toLowerCase(), { body });
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
  const subnets = await listResources(trx, { type: SUBNET_TYPE, parentKey: found.key });
  checkPlaces(name, space, subnets.map(placedSubnet));
}
