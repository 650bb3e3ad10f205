import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { regionLayout, regionName, siteRegions } from './regions.ts';
import { storeFixture } from './store.fixture.ts';

test('a region has one name, however it is written', () => {
  expect(regionName('West Europe')).toBe('westeurope');
});

test.each(['', '..', 'a/b', 'west\0', '-x', 'é'])('%j is no region', name => {
  expect(() => regionName(name)).toThrow('is not a region name');
});

test('a site may keep a region elsewhere', () => {
  const layout = regionLayout('/home/regions', { 'West Europe': '/mnt/we' });
  expect(layout.directory('westeurope').blobs).toBe('/mnt/we/blobs');
  expect(layout.directory('local').incoming).toBe('/home/regions/local/incoming');
});

test('the regions of a site are those that it names and those that have a directory', async () => {
  await using fixture = await storeFixture();
  const { directory } = fixture;
  for (const name of ['westus', 'Not One', 'eastus']) await mkdir(join(directory, 'r', name), { recursive: true });
  const regions = await siteRegions(join(directory, 'r'), { 'West Europe': '/mnt/we', eastus: '/mnt/e' });
  expect(regions).toEqual(['eastus', 'westeurope', 'westus']);
  expect(await siteRegions(join(directory, 'none'), {})).toEqual([]);
});
