import { expect, test } from 'vitest';
import { regionLayout, regionName } from './regions.ts';

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
  expect(layout.configured).toEqual(['westeurope']);
});
