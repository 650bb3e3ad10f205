import { describe, expect, test } from 'vitest';
import { providerFixture } from '../provider.fixture.ts';
import { computeProvider } from './provider.ts';

const fixture = () =>
  providerFixture(services => [computeProvider(services)], { subscriptions: [{ id: 's1', name: 'one' }] });

describe('what templates choose from', () => {
  const AT = '/subscriptions/s1/providers/Microsoft.Compute/locations/westeurope';

  test('platform images are found part by part, as bare arrays, the newest first where that is asked for', async () => {
    await using api = await fixture();
    const names = async (path: string) =>
      ((await api.call('GET', path)).body as { name: string }[]).map(({ name }) => name);
    expect(await names(`${AT}/publishers`)).toContain('Debian');
    expect(await names(`${AT}/publishers/debian/artifacttypes/vmimage/offers`)).toContain('debian-12');
    const sku = `${AT}/publishers/Debian/artifacttypes/vmimage/offers/debian-12/skus/12-gen2`;
    const [newest] = await names(`${sku}/versions?$top=1&$orderby=name desc`);
    expect((await names(`${sku}/versions`)).at(-1)).toBe(newest);
    expect((await api.call('GET', `${sku}/versions/${newest}`)).body).toMatchObject({
      name: newest,
      location: 'westeurope',
      properties: { osDiskImage: { operatingSystem: 'Linux' }, hyperVGeneration: 'V2', architecture: 'x64' },
    });
    expect((await api.call('GET', `${sku}/versions?$expand=properties`)).body).toMatchObject([{ properties: {} }]);
    expect(await api.call('GET', `${AT}/publishers/nobody/artifacttypes/vmimage/offers`)).toMatchObject({
      status: 404,
      body: { error: { code: 'PlatformImageNotFound' } },
    });
  });

  test('VM sizes have the processors and the memory that a build VM gets', async () => {
    await using api = await fixture();
    const { value } = (await api.call('GET', `${AT}/vmSizes`)).body as { value: { name: string }[] };
    expect(value).toContainEqual(
      expect.objectContaining({ name: 'Standard_D2ds_v4', numberOfCores: 2, memoryInMB: 8192 }),
    );
    const skus = (
      await api.call('GET', "/subscriptions/s1/providers/Microsoft.Compute/skus?$filter=location eq 'westeurope'")
    ).body;
    expect(skus).toMatchObject({
      value: expect.arrayContaining([expect.objectContaining({ locations: ['westeurope'] })]),
    });
  });
});
