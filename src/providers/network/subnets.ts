import { z } from 'zod';
import { armError } from '../../errors/arm.ts';
import { resourceTypeError } from '../../errors/resource-types.ts';
import { findResource, hasResource, listResources, type StoredResource } from '../../store/resources.ts';
import type { StoreTransaction } from '../../store/store.ts';
import { checkedBody } from '../checked-body.ts';
import { isObject, objectIn } from '../request-body.ts';
import { refuseLarge, type StoredType, shownResource } from '../stored-type.ts';
import { templatesInNetwork } from '../template-uses.ts';
import { type AddressRange, addressRange, inOrder, isWithinOne, outermost, overlap } from './address-range.ts';
import { NETWORK, SUBNET_TYPE } from './places.ts';

type Json = Readonly<Record<string, unknown>>;

export const SUBNET_NAME = {
  pattern: /^[A-Za-z0-9](?:[\w.-]{0,78}\w)?$/,
  rule: 'it has up to 80 letters, digits, `_`, `-` and `.`, begins with a letter or digit and ends with one or `_`',
};

/** What Azure takes. */
export const MOST_SUBNETS = 3000;
/** Of all subnets of a network, which are shown with it. */
export const LARGEST_NETWORK = 4 * 1024 * 1024;
/** Of one subnet. */
const MOST_PREFIXES = 100;

const reference = z.looseObject({ id: z.string().min(1) }).nullish();
const subnet = z.looseObject({
  addressPrefix: z.string().nullish(),
  addressPrefixes: z.array(z.string()).min(1).max(MOST_PREFIXES).nullish(),
  networkSecurityGroup: reference,
  privateLinkServiceNetworkPolicies: z.enum(['Enabled', 'Disabled']).nullish(),
  privateEndpointNetworkPolicies: z.string().nullish(),
  delegations: z
    .array(z.looseObject({ name: z.string(), properties: z.looseObject({ serviceName: z.string() }) }))
    .nullish(),
});

export const subnets: StoredType = {
  type: SUBNET_TYPE,
  path: `${NETWORK}/subnets/{subnetName}`,
  tracked: false,
  name: SUBNET_NAME,
  prepare: async (request, found, trx) => {
    const networkKey = request.id.split('/').slice(0, -2).join('/').toLowerCase();
    const network = await findResource(trx, networkKey);
    const name = request.params['subnetName'] ?? '';
    const { body, ranges } = await subnetBody(trx, name, request.body);
    if (network !== undefined) {
      const others = (await listResources(trx, { type: SUBNET_TYPE, parentKey: networkKey })).filter(
        ({ key }) => key !== found?.key,
      );
      if (others.length >= MOST_SUBNETS) {
        const reason = `the network has ${MOST_SUBNETS} subnets already`;
        throw armError('InvalidParameter', { name: 'subnetName', reason });
      }
      refuseLarge({ subnets: [...others.map(other => other.body), body] }, LARGEST_NETWORK);
      checkPlaces(network.name, spaceOf(network.body), [...others.map(placedSubnet), { name, ranges }]);
    }
    return { body };
  },
  show: resource => showSubnet(resource),
  refuseDelete: (trx, resource) => refuseUsedSubnets(trx, resource.parentKey ?? '', [resource]),
};

export function showSubnet(resource: StoredResource): Json {
  const { id, name, type, ...rest } = shownResource(resource);
  return { name, id, etag: etagOf(resource), ...rest, type };
}

/** A tag that changes with the resource, as Azure's network resources have it. */
export function etagOf({ key, changedAt }: StoredResource): string {
  const text = Buffer.from(`${changedAt}${key}`).toString('hex').padEnd(32, '0').slice(0, 48);
  return `W/"${text}"`;
}

/** @throws KilnError `InUseSubnetCannotBeDeleted`. */
export async function refuseUsedSubnets(
  trx: StoreTransaction,
  networkKey: string,
  subnets: readonly StoredResource[],
): Promise<void> {
  if (subnets.length === 0) return;
  const users = await templatesInNetwork(trx, networkKey);
  for (const { key, name } of subnets) {
    const by = users.get(key);
    if (by !== undefined) throw resourceTypeError('InUseSubnetCannotBeDeleted', { subnet: name, by });
  }
}

/**
 * What is stored of a subnet.
 *
 * @throws KilnError `InvalidParameter`, `InvalidCIDRNotation`, `InvalidResourceReference`.
 */
export async function subnetBody(
  trx: StoreTransaction,
  name: string,
  given: unknown,
): Promise<{ readonly body: Json; readonly ranges: readonly AddressRange[] }> {
  const properties = checkedBody(subnet, objectIn(given, 'properties'), ['properties']);
  const { addressPrefix, addressPrefixes, networkSecurityGroup } = properties;
  const prefixes = addressPrefixes ?? (addressPrefix == null ? [] : [addressPrefix]);
  checkedBody(z.array(z.string()).min(1, 'a subnet needs an address range'), prefixes, ['properties', 'addressPrefix']);
  if (networkSecurityGroup != null && !(await hasResource(trx, networkSecurityGroup.id))) {
    throw resourceTypeError('InvalidResourceReference', { referenced: networkSecurityGroup.id, resource: name });
  }
  return {
    ranges: prefixes.map(prefix => rangeIn(prefix, name)),
    body: {
      properties: {
        delegations: [],
        privateEndpointNetworkPolicies: 'Disabled',
        privateLinkServiceNetworkPolicies: 'Enabled',
        ...withoutNull(properties),
        provisioningState: 'Succeeded',
      },
    },
  };
}

export interface PlacedSubnet {
  readonly name: string;
  readonly ranges: readonly AddressRange[];
}

export function placedSubnet({ name, body }: Pick<StoredResource, 'name' | 'body'>): PlacedSubnet {
  const { addressPrefix, addressPrefixes } = objectIn(body, 'properties');
  const prefixes = Array.isArray(addressPrefixes) ? addressPrefixes : [addressPrefix];
  return { name, ranges: prefixes.map(prefix => rangeIn(String(prefix), name)) };
}

/**
 * Whether subnets are within their network, and share no address. Of two that share one the later is refused.
 *
 * @throws KilnError `NetcfgInvalidSubnet`, `NetcfgSubnetRangesOverlap`.
 */
export function checkPlaces(network: string, space: readonly string[], subnets: readonly PlacedSubnet[]): void {
  const spaces = outermost(space.map(prefix => rangeIn(prefix, network)));
  const outside = subnets.find(({ ranges }) => !ranges.every(range => isWithinOne(range, spaces)));
  if (outside !== undefined) {
    throw resourceTypeError('NetcfgInvalidSubnet', { subnet: outside.name, network, space: space.join(', ') });
  }
  const taken = subnets
    .flatMap(({ name, ranges }, index) => outermost(ranges).map(range => ({ name, index, range })))
    .sort((a, b) => inOrder(a.range, b.range));
  // Those of one subnet are apart: two that share an address mean two neighbours that do.
  const at = taken.findIndex(({ range }, i) => {
    const before = taken[i - 1];
    return before !== undefined && overlap(before.range, range);
  });
  const [one, other] = taken.slice(Math.max(0, at - 1), at + 1).sort((a, b) => a.index - b.index);
  if (one !== undefined && other !== undefined) {
    throw resourceTypeError('NetcfgSubnetRangesOverlap', { subnet: other.name, network, other: one.name });
  }
}

/** @throws KilnError `InvalidCIDRNotation`. */
export function rangeIn(prefix: string, resource: string): AddressRange {
  const range = addressRange(prefix);
  if (range === undefined) throw resourceTypeError('InvalidCIDRNotation', { prefix, resource });
  return range;
}

/** Address ranges of a network. */
export function spaceOf(body: unknown): readonly string[] {
  const { addressPrefixes } = objectIn(objectIn(body, 'properties'), 'addressSpace');
  return Array.isArray(addressPrefixes) ? addressPrefixes.map(String) : [];
}

/** Clients send members back as `null` that they do not know. */
export function withoutNull(value: Json): Json {
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, one]) => one !== null && one !== undefined)
      .map(([name, one]) => [name, isObject(one) ? withoutNull(one) : one]),
  );
}
