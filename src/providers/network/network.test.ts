import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ensureResourceGroup } from '../../galleries/ensure.ts';
import { insertResource } from '../../store/resources.ts';
import { type ProviderFixture, providerFixture, SUBSCRIPTION } from '../provider.fixture.ts';
import { resourceListOperations } from '../resources/resource-list.ts';
import { addressRange, isWithin, overlap } from './address-range.ts';
import { networkProvider } from './provider.ts';
import { checkPlaces } from './subnets.ts';

const GROUP = `/subscriptions/${SUBSCRIPTION}/resourceGroups/rg`;
const NETWORK = `${GROUP}/providers/Microsoft.Network/virtualNetworks/net`;
const subnet = (name: string, addressPrefix: string, more: object = {}) => ({
  name,
  properties: { addressPrefix, ...more },
});
const network = (subnets?: readonly object[], space = '10.0.0.0/16') => ({
  location: 'local',
  properties: { addressSpace: { addressPrefixes: [space] }, ...(subnets === undefined ? {} : { subnets }) },
});

async function fixture(): Promise<ProviderFixture> {
  const api = await providerFixture(services => [
    networkProvider(services),
    { namespace: 'Microsoft.Resources', types: [], operations: resourceListOperations(services.store) },
  ]);
  const group = { subscription: SUBSCRIPTION, resourceGroup: 'rg' };
  await api.store.write(trx =>
    ensureResourceGroup(trx, group, { strict: false, location: 'local', emit: () => undefined }),
  );
  return api;
}

async function namesOf(api: ProviderFixture): Promise<readonly [inNetwork: string[], alone: string[]]> {
  const { properties } = (await api.call('GET', NETWORK)).body as { properties: { subnets: { name: string }[] } };
  const { value } = (await api.call('GET', `${NETWORK}/subnets`)).body as { value: { name: string }[] };
  return [properties.subnets.map(({ name }) => name), value.map(({ name }) => name)];
}

function codeOf({ body }: { readonly body?: unknown }): string {
  return (body as { error: { code: string } }).error.code;
}

describe('virtual networks', () => {
  test('the subnets in a network and those beside it are the same ones', async () => {
    await using api = await fixture();
    expect(await api.call('PUT', NETWORK, network([subnet('a', '10.0.0.0/24')]))).toMatchObject({
      status: 201,
      body: { properties: { subnets: [{ id: `${NETWORK}/subnets/a`, properties: { addressPrefix: '10.0.0.0/24' } }] } },
    });
    const policies = { privateLinkServiceNetworkPolicies: 'Disabled', delegations: null };
    const b = await api.call('PUT', `${NETWORK}/subnets/b`, subnet('b', '10.0.1.0/24', policies));
    expect(b).toMatchObject({ status: 201, body: { properties: { privateLinkServiceNetworkPolicies: 'Disabled' } } });
    expect(await namesOf(api)).toEqual([
      ['a', 'b'],
      ['a', 'b'],
    ]);
    // A body without subnets leaves them; one with some has them all.
    await api.call('PUT', NETWORK, network());
    expect(await namesOf(api)).toEqual([
      ['a', 'b'],
      ['a', 'b'],
    ]);
    await api.call('PUT', NETWORK, network([subnet('B', '10.0.2.0/24'), subnet('c', '10.0.0.0/24')]));
    expect(await namesOf(api)).toEqual([
      ['b', 'c'],
      ['b', 'c'],
    ]);
    expect((await api.call('DELETE', NETWORK)).status).toBe(200);
    expect((await api.call('GET', `${NETWORK}/subnets/b`)).status).toBe(404);
  });

  test('what does not fit is refused, and nothing of it stays', async () => {
    await using api = await fixture();
    await api.call('PUT', NETWORK, network([subnet('a', '10.0.0.0/24')]));
    const put = (body: object) => api.call('PUT', NETWORK, body);
    const refused = [
      await put(network([subnet('a', '10.1.0.0/24')])),
      await put(network([subnet('a', '10.0.0.0/24'), subnet('b', '10.0.0.128/25')])),
      await put(network([subnet('a', '10.0.0.1/24')])),
      await put(network([subnet('a', '10.0.0.0/24'), subnet('A', '10.0.1.0/24')])),
      await put(network(undefined, '10.9.0.0/16')),
      await put(network([subnet('-', '10.0.0.0/24')])),
      await put({ location: 'local', properties: {} }),
      await api.call('PUT', `${NETWORK}/subnets/b`, subnet('b', '10.0.0.0/25')),
      await api.call('PUT', `${NETWORK}/subnets/b`, { properties: {} }),
      await api.call('PUT', `${NETWORK}x/subnets/b`, subnet('b', '10.0.0.0/25')),
      await api.call(
        'PUT',
        `${NETWORK}/subnets/b`,
        subnet('b', '10.0.1.0/24', { networkSecurityGroup: { id: '/none' } }),
      ),
    ];
    expect(refused.map(codeOf)).toEqual([
      ...['NetcfgInvalidSubnet', 'NetcfgSubnetRangesOverlap', 'InvalidCIDRNotation', 'InvalidParameter'],
      ...['NetcfgInvalidSubnet', 'InvalidResourceName', 'InvalidParameter', 'NetcfgSubnetRangesOverlap'],
      ...['InvalidParameter', 'ParentResourceNotFound', 'InvalidResourceReference'],
    ]);
    expect(await namesOf(api)).toEqual([['a'], ['a']]);
  });

  test('a subnet that an image template uses stays, and its network with it', async () => {
    await using api = await fixture();
    const subnets = [subnet('a', '10.0.0.0/24'), subnet('b', '10.0.1.0/24')];
    await api.call('PUT', NETWORK, network(subnets));
    const id = `${GROUP}/providers/Microsoft.VirtualMachineImages/imageTemplates/t`;
    const vnetConfig = { subnetId: `${NETWORK.toUpperCase()}/subnets/A`, containerInstanceSubnetId: '' };
    await api.store.write(trx =>
      insertResource(trx, {
        ...{
          id,
          type: 'Microsoft.VirtualMachineImages/imageTemplates',
          parentKey: undefined,
          location: 'local',
          tags: {},
        },
        ...{ body: {}, internal: { template: { vmProfile: { vnetConfig } } } },
        ...{ provisioningState: 'Succeeded', createdBy: undefined },
      }),
    );
    const refused = [
      await api.call('DELETE', `${NETWORK}/subnets/a`),
      await api.call('DELETE', NETWORK),
      await api.call('PUT', NETWORK, network([subnet('b', '10.0.1.0/24')])),
    ];
    expect(refused.map(codeOf)).toEqual(refused.map(() => 'InUseSubnetCannotBeDeleted'));
    expect((await api.call('DELETE', `${NETWORK}/subnets/b`)).status).toBe(200);
  });

  test('a network takes as many subnets as Azure, and no body that is larger than a resource', async () => {
    await using api = await fixture();
    const many = (count: number) =>
      Array.from({ length: count }, (_, i) => subnet(`s${i}`, `10.0.${i >> 4}.${(i & 15) << 4}/28`));
    const put = (body: object) => api.call('PUT', NETWORK, body);
    expect((await put(network(many(3000)))).status).toBe(201);
    const large = { note: 'x'.repeat(260 * 1024) };
    const refused = [
      await put(network(many(3001))),
      await put(network([...many(2999), subnet('last', '10.0.1.128/25')])),
      await api.call('PUT', `${NETWORK}/subnets/more`, subnet('more', '10.0.255.0/28')),
      await put({ location: 'local', properties: { ...network().properties, ...large } }),
      await put(network([subnet('a', '10.0.0.0/24', large)])),
      await put(network(Array.from({ length: 20 }, (_, i) => subnet(`s${i}`, `10.0.${i}.0/24`, { n: large.note })))),
      await api.call('PUT', NETWORK.replace('virtualNetworks', 'publicIPAddresses'), {
        location: 'local',
        properties: large,
      }),
    ];
    expect(refused.map(codeOf)).toEqual([
      ...['InvalidParameter', 'NetcfgSubnetRangesOverlap', 'InvalidParameter', 'RequestContentTooLarge'],
      ...['RequestContentTooLarge', 'RequestContentTooLarge', 'RequestContentTooLarge'],
    ]);
    expect(refused[1]?.body).toMatchObject({ error: { message: expect.stringContaining('last') } });
    const details = await put(network(Array.from({ length: 3000 }, () => ({ name: 1, properties: 1 }))));
    expect((details.body as { error: { details: unknown[] } }).error.details).toHaveLength(100);
  });

  test('what is stored in many bytes is listed page by page, as a type and as resources', async () => {
    await using api = await fixture();
    const names = Array.from({ length: 60 }, (_, i) => `net${i + 10}`);
    const more = { note: 'x'.repeat(250 * 1024) };
    for (const name of names) {
      const properties = { ...network().properties, ...more };
      expect((await api.call('PUT', NETWORK.replace(/net$/, name), { location: 'local', properties })).status).toBe(
        201,
      );
    }
    for (const list of [NETWORK.slice(0, NETWORK.lastIndexOf('/')), `${GROUP}/resources`]) {
      const pages: string[][] = [];
      for (let next: string | undefined = list; next !== undefined; ) {
        const { value, nextLink } = (await api.call('GET', next)).body as {
          value: { name: string }[];
          nextLink?: string;
        };
        pages.push(value.map(({ name }) => name));
        next = nextLink;
      }
      expect(pages).toHaveLength(2);
      expect(pages.flat()).toEqual(names);
    }
    const expand = `createdTime${' '.repeat(100_000)},${' '.repeat(100_000)}changedTime`;
    const { value } = (await api.call('GET', `${GROUP}/resources?$top=1&$expand=${expand}`)).body as {
      value: object[];
    };
    expect(value).toMatchObject([{ createdTime: expect.any(String), changedTime: expect.any(String) }]);
  });

  test('a security group that a subnet has stays', async () => {
    await using api = await fixture();
    const id = `${GROUP}/providers/Microsoft.Network/networkSecurityGroups/nsg`;
    const rules = [{ name: 'ssh', properties: { priority: 100 } }];
    expect((await api.call('PUT', id, { location: 'local', properties: { securityRules: rules } })).body).toMatchObject(
      {
        properties: { securityRules: [{ name: 'ssh', id: `${id}/securityRules/ssh` }] },
      },
    );
    await api.call('PUT', NETWORK, network([subnet('a', '10.0.0.0/24', { networkSecurityGroup: { id } })]));
    expect(codeOf(await api.call('DELETE', id))).toBe('InUseNetworkSecurityGroupCannotBeDeleted');
    await api.call('DELETE', `${NETWORK}/subnets/a`);
    expect((await api.call('DELETE', id)).status).toBe(200);
    const address = `${GROUP}/providers/Microsoft.Network/publicIPAddresses/ip`;
    expect((await api.call('PUT', address, { location: 'local', sku: { name: 'Standard' } })).body).toMatchObject({
      sku: { name: 'Standard' },
      properties: { publicIPAllocationMethod: 'Dynamic' },
    });
  });
});

describe('address ranges', () => {
  test('two ranges of IPv4 share an address when one has the first of the other', () => {
    const range = fc.tuple(fc.nat(2 ** 20), fc.integer({ min: 12, max: 32 })).map(([number, length]) => {
      const size = 2 ** (32 - length);
      const first = Math.floor(number / size) * size;
      const text = [24, 16, 8, 0].map(shift => Math.floor(first / 2 ** shift) % 256).join('.');
      return { text: `${text}/${length}`, first, last: first + size - 1 };
    });
    fc.assert(
      fc.property(range, range, (a, b) => {
        const [x, y] = [addressRange(a.text), addressRange(b.text)];
        if (x === undefined || y === undefined) throw new Error(`${a.text} or ${b.text} was not read`);
        const shared = a.first <= b.last && b.first <= a.last;
        expect(overlap(x, y)).toBe(shared);
        expect(isWithin(x, y)).toBe(shared && a.first >= b.first && a.last <= b.last);
      }),
    );
  });

  test('subnets are refused exactly when one is outside, or two share an address', () => {
    const range = (bits: number) =>
      fc.tuple(fc.nat(255), fc.integer({ min: bits, max: 8 })).map(([number, length]) => {
        const size = 2 ** (8 - length);
        const text = `10.0.0.${Math.floor(number / size) * size}/${24 + length}`;
        const found = addressRange(text);
        if (found === undefined) throw new Error(`${text} was not read`);
        return { text, found };
      });
    const subnets = fc.array(fc.array(range(3), { minLength: 1, maxLength: 3 }), { maxLength: 6 });
    fc.assert(
      fc.property(fc.array(range(0), { minLength: 1, maxLength: 4 }), subnets, (space, wanted) => {
        const isInside = wanted.every(ranges =>
          ranges.every(({ found }) => space.some(outer => isWithin(found, outer.found))),
        );
        const isApart = wanted.every((ranges, i) =>
          wanted.slice(0, i).every(other => ranges.every(a => other.every(b => !overlap(a.found, b.found)))),
        );
        const placed = wanted.map((ranges, i) => ({ name: `s${i}`, ranges: ranges.map(({ found }) => found) }));
        const check = () =>
          checkPlaces(
            'net',
            space.map(({ text }) => text),
            placed,
          );
        if (isInside && isApart) check();
        else expect(check).toThrow(isInside ? /overlap/ : /not valid|within|not contained/);
      }),
    );
  });

  test.each(['10.0.0.1/24', '10.0.0.0', '10.0.0.0/33', '::1/64', 'fd00::/129', 'a/8', '10.0.0/8'])(
    '%s is none',
    text => {
      expect(addressRange(text)).toBeUndefined();
    },
  );

  test('those of IPv6 are read in all spellings', () => {
    const [a, b] = [addressRange('fd00:0:0:1::/64'), addressRange('FD00::1:0:0:0:0/64')];
    expect(a).toEqual(b);
    expect(a?.last).toBe((a?.first ?? 0n) + 2n ** 64n - 1n);
    expect(addressRange('::ffff:10.0.0.0/120')?.first).toBe(0xffff_0a00_0000n);
  });
});
